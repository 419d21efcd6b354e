"""What leaves the log for others: files, an audit record repository, a syslog collector.

Everything here is made of leaves alone, which hold no text and no patient. Where an export may say
whom it is about, it is because who asked for it named the patient.
"""
