"""The HTTP side: the REST interface, the door for partners, and the console.

The web commits what arrives and shows what is stored. It applies nothing and never calls a partner.
"""
