"""What lists and pages read: one statement each, keyset paging, no ORM, no change."""
