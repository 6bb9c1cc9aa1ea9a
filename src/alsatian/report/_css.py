"""How the page looks: light and dark, on screens of any width, and on paper."""

CSS = """
:root{--page:#fdfcf9;--card:#fff;--ink:#24242c;--soft:#5f5f6b;--line:#ddd9ce;--accent:#a9213f;--blue:#1f5a8a;
--pale:#8fbfd6;--sand:#f5c26b;--mark:#fff3d6;--shade:#0004}
@media (prefers-color-scheme:dark){:root{--page:#17171c;--card:#1f1f26;--ink:#ececf1;--soft:#a9a9b6;--line:#3a3a45;
--accent:#ff8ba0;--blue:#7db8e6;--pale:#35607d;--sand:#d9a441;--mark:#3a3320;--shade:#000a}}
*{box-sizing:border-box}
html{scroll-behavior:smooth}
body{margin:0 auto;max-width:68rem;padding:1rem 1.25rem 4rem;background:var(--page);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
h1{font-size:1.9rem;line-height:1.2;margin:1.5rem 0 .25rem}
h2{font-size:1.3rem;margin:0 0 .5rem;border-bottom:2px solid var(--accent);padding-bottom:.2rem}
h3{font-size:1.05rem;margin:1.4rem 0 .3rem}
header p,footer,figcaption,caption{color:var(--soft)}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1.1rem 1.3rem;margin:1.2rem 0}
nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1rem;padding:0;margin:.8rem 0;list-style:none}
a{color:var(--blue)}
a:focus-visible,.wide:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:1rem;background:var(--card);padding:.5rem 1rem}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.8rem;margin:.8rem 0}
.facts div{border-left:3px solid var(--accent);padding-left:.7rem}
.facts dt{color:var(--soft);font-size:.85rem}
.facts dd{margin:0;font-size:1.25rem;font-weight:600}
.row{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(22rem,100%),1fr));gap:1.2rem}
figure{margin:.6rem 0;max-width:460px}
figure.full{max-width:920px}
figcaption,caption{font-size:.88rem;text-align:left;padding:.2rem 0}
svg{width:100%;height:auto;display:block;overflow:visible;font:12px system-ui,sans-serif}
svg text{fill:var(--soft)}
svg .name{fill:var(--ink);paint-order:stroke;stroke:var(--card);stroke-width:3px}
svg .grid{stroke:var(--line)}
svg .line{stroke:var(--accent);fill:none;stroke-width:2}
svg .dot{fill:var(--accent)}
svg .bar{fill:var(--blue)}
svg .ideal{stroke:var(--soft);stroke-dasharray:4 4}
svg .item{fill:var(--blue);fill-opacity:.55}
svg .item:hover,svg .bar:hover{fill:var(--accent);fill-opacity:1}
.wide{overflow-x:auto;background:linear-gradient(to right,var(--card) 40%,transparent),
linear-gradient(to left,var(--card) 40%,transparent) 100% 0,linear-gradient(to right,var(--shade),transparent),
linear-gradient(to left,var(--shade),transparent) 100% 0;background-repeat:no-repeat;
background-size:2.5rem 100%,2.5rem 100%,.9rem 100%,.9rem 100%;background-attachment:local,local,scroll,scroll}
td,th{overflow-wrap:break-word}
table{border-collapse:collapse;width:100%;font-size:.92rem;margin:.5rem 0}
th,td{text-align:left;padding:.32rem .6rem;border-bottom:1px solid var(--line);vertical-align:top;font-weight:400}
thead th{font-weight:600;border-bottom:2px solid var(--line)}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
pre{background:var(--mark);padding:.8rem 1rem;border-radius:8px;overflow-x:auto;font-size:.88rem;white-space:pre-wrap}
@media (max-width:48rem){figure.full .name{display:none}figure.full svg{font-size:16px}}
@media (max-width:40rem){figure.full svg{font-size:22px}
figure.full .below{transform:translateY(12px)}svg{font-size:14px}}
@media (max-width:30rem){figure.full svg text{display:none}}
@media (max-width:25rem){svg{font-size:17px}}
@media print{:root{--page:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;--accent:#a9213f;--blue:#1f5a8a;
--mark:#f6f2e6}body{max-width:none;font-size:10pt}nav,.skip,.screen{display:none}section{border:0;padding:0;break-inside:auto}
.row{grid-template-columns:1fr 1fr}.facts{grid-template-columns:repeat(5,1fr)}figure.full svg{max-height:12.5cm}
figure,tr,h2,h3,.facts,.facts div,.wide,pre{break-inside:avoid}.wide.long{break-inside:auto}
h2,h3,h2+p,.lead,caption,thead{break-after:avoid}
figure.full text,figure.full .name{display:inline}figure.full svg{font-size:12px}figure.full .below{transform:none}
tbody tr:first-child{break-before:avoid}.wide{overflow:visible;background:none}}
"""
