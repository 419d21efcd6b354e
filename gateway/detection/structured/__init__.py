"""Structured payloads in a text: FHIR R4, HL7 v2, any JSON and tables, value by value."""
