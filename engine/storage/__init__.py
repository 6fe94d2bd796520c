"""PostgreSQL: the server we supervise, tables, migrations, one repository per aggregate, jobs."""
