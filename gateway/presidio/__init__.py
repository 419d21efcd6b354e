"""What Presidio's REST API asks for, in its words: narrowing, ad-hoc recognizers, its operators.

None of it loosens what the gateway lets an engine see: it works on what goes back to its caller.
"""
