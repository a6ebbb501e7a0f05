"""Look at a page of ours in a browser: how well it can be read, and how it does within MLflow."""

from playwright.sync_api import Browser, FrameLocator, Page

# The contrast of each text with the nearest background behind it that is not transparent.
CONTRAST = """() => {
  const probe = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = color => { probe.clearRect(0, 0, 1, 1); probe.fillStyle = color;
    probe.fillRect(0, 0, 1, 1); return [...probe.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = node => { for (; node; node = node.parentElement) {
    const color = rgb(getComputedStyle(node).backgroundColor); if (color[3] > 0) return color; }
    return [255, 255, 255, 255]; };
  const kinds = 'h1,h2,h3,p,li,a,th,td,caption,figcaption,pre,button,label,output,summary,span';
  const texts = [...document.querySelectorAll(kinds)];
  return texts.filter(node => node.innerText.trim()).map(node => {
    const pair = [light(rgb(getComputedStyle(node).color)), light(ground(node))].sort();
    const [low, high] = pair[0] < pair[1] ? pair : [pair[1], pair[0]];
    return [(high + 0.05) / (low + 0.05), node.innerText.slice(0, 40)];
  }).sort((a, b) => a[0] - b[0])[0];
}"""


def in_mlflows_frame(browser: Browser, html: str) -> tuple[Page, FrameLocator]:
    """Open a page in a frame without rights, as MLflow shows artifacts; close it by its context."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.route("**/*", lambda route: route.fulfill(body="<body>", content_type="text/html"))
    page.goto("http://127.0.0.1/")
    page.evaluate(
        """html => { const frame = document.createElement('iframe');
        frame.setAttribute('sandbox', 'allow-scripts'); frame.width = 900; frame.height = 600;
        frame.src = URL.createObjectURL(new Blob([html], {type: 'text/html'}));
        document.body.append(frame); }""",
        html,
    )
    return page, page.frame_locator("iframe")
