"""SOAP for both sides: a WSDL file is what a partner's operations look like on the wire, and nothing else is needed.

Bytes in, values out, and back; how they travel is the business of ``adapters.outbound`` and the transports.
zeep is imported only here, and only to read WSDLs and their schemas.
"""
