"""A link as a QR code: the drawing that stands inside a page."""


def drawn(link: str) -> str:
    """SVG, black on nothing: who shows it makes the ground white.

    A quarter of it may be dirty, folded or badly printed (error correction Q), and four modules
    around it stay empty, as cameras want it.
    """
    import segno

    code = segno.make(link, error="q", micro=False, boost_error=False)
    return str(code.svg_inline(border=4, omitsize=True, svgclass=None, lineclass=None))
