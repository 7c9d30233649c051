"""The plan as a map: one SVG file, no package needed."""

from collections.abc import Sequence
from html import escape

from .routes import Routes

WIDTH, MARGIN, HEAD, FOOT = 760, 56, 74, 44
COLOURS = {"A": "#0072B2", "B": "#D55E00"}  # told apart by people of every colour vision; van B is dashed besides
FONT = 'font-family="Helvetica, Arial, sans-serif" font-size="14"'
DASHES = {"A": "", "B": ' stroke-dasharray="9 5"'}


def plan_picture(title: str, routes: Routes, split: int) -> str:
    """Draw both tours round the depot, north up, one scale in both directions."""
    map_ = _Map([(0.0, 0.0), *((order.east, order.north) for order in routes.orders)])
    vans = list(zip("AB", routes.vans(split), (routes.other(split), split), strict=True))
    body = [_tour(van, stops, routes, map_) for van, stops, _ in vans]
    body += [_stops(van, stops, routes, map_) for van, stops, _ in vans]
    heads = [
        _text(MARGIN + 330 * place, 56, f"van {van}: {routes.tour(group):.1f} km, {routes.kg(group):g} kg", van)
        for place, (van, _, group) in enumerate(vans)
    ]
    return "\n".join([*_page(title, map_.height), *heads, *body, _depot(map_), _scale(map_), "</svg>", ""])


class _Map:
    """Turns kilometres into the picture's units."""

    def __init__(self, places: Sequence[tuple[float, float]]) -> None:
        easts, norths = zip(*places, strict=True)
        width, height = max(easts) - min(easts), max(norths) - min(norths)
        self.unit = min((WIDTH - 2 * MARGIN - 40) / (width or 1), 480 / (height or 1))
        self._west, self._north = min(easts), max(norths)
        self.height = HEAD + MARGIN + height * self.unit + FOOT

    def at(self, east: float, north: float) -> tuple[float, float]:
        return MARGIN + (east - self._west) * self.unit, HEAD + 26 + (self._north - north) * self.unit


def _page(title: str, height: float) -> list[str]:
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" {FONT}>',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="#fff"/>',
        f'<text x="{MARGIN - 14}" y="32" font-size="18" font-weight="bold" fill="#222">{escape(title)}</text>',
    ]


def _text(x: float, y: float, words: str, van: str) -> str:
    line = f'<path d="M{x - 14:.0f} {y - 5:.0f}h34" stroke="{COLOURS[van]}" stroke-width="3"{DASHES[van]}/>'
    return f'{line}<text x="{x + 28:.0f}" y="{y:.0f}" fill="{COLOURS[van]}">{words}</text>'


def _tour(van: str, stops: Sequence[int], routes: Routes, map_: _Map) -> str:
    places = [map_.at(routes.orders[stop].east, routes.orders[stop].north) for stop in stops]
    path = " L".join(f"{x:.1f} {y:.1f}" for x, y in [map_.at(0, 0), *places])
    style = f'fill="none" stroke="{COLOURS[van]}" stroke-width="3" stroke-linejoin="round"{DASHES[van]}'
    return f'<path d="M{path} Z" {style}/>' if stops else ""


def _stops(van: str, stops: Sequence[int], routes: Routes, map_: _Map) -> str:
    parts = []
    for number, stop in enumerate(stops, 1):
        order = routes.orders[stop]
        x, y = map_.at(order.east, order.north)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="11" fill="{COLOURS[van]}" stroke="#fff" stroke-width="2"/>')
        parts.append(
            f'<text x="{x:.1f}" y="{y + 4.5:.1f}" fill="#fff" font-size="13" text-anchor="middle">{number}</text>'
        )
        left = x > WIDTH - MARGIN - 90
        side, anchor = (x - 16, "end") if left else (x + 16, "start")
        parts.append(
            f'<text x="{side:.1f}" y="{y + 5:.1f}" fill="#222" text-anchor="{anchor}" stroke="#fff" stroke-width="4" '
            f'paint-order="stroke">{escape(order.customer)}</text>'
        )
    return "\n".join(parts)


def _depot(map_: _Map) -> str:
    x, y = map_.at(0, 0)
    box = f'<rect x="{x - 11:.1f}" y="{y - 11:.1f}" width="22" height="22" fill="#222" stroke="#fff" stroke-width="2"/>'
    return f'{box}<text x="{x:.1f}" y="{y + 5:.1f}" fill="#fff" font-size="13" text-anchor="middle">D</text>'


def _scale(map_: _Map) -> str:
    y = map_.height - 16
    bar = f'<path d="M{MARGIN - 14} {y - 5:.0f}v5h{map_.unit:.1f}v-5" fill="none" stroke="#222"/>'
    words = "1 km, straight lines; D is the depot"
    return f'{bar}<text x="{MARGIN + map_.unit - 6:.0f}" y="{y:.0f}" fill="#222">{words}</text>'
