/** The page's markup. `%TITLE%` is replaced; everything else is filled in by the scripts. */

const HEAD = String.raw`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>%TITLE%</title>
<link rel="icon" href="icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="page.css">`;

/** The preview. */
export const PAGE_HTML = String.raw`${HEAD}
<script type="module" src="page.js"></script>
</head>
<body>
<header class="bar">
  <h1 id="title">%TITLE%</h1>
  <a class="to-labels" href="#labels-heading">Labels</a>
  <p id="connection" class="state" role="status" data-state="connecting">connecting</p>
</header>
<noscript><p class="bar">This page needs JavaScript. Plain pictures are at <a href="stream/0">stream/0</a>.</p></noscript>
<main>
  <section id="sources" aria-label="Sources"></section>
  <aside aria-labelledby="labels-heading">
    <header><h2 id="labels-heading">Labels</h2><p id="labels-status" role="status"></p></header>
    <ul id="labels"></ul>
    <form id="add" autocomplete="off">
      <input name="name" list="words" maxlength="200" placeholder="New label" aria-label="New label" aria-describedby="add-error" spellcheck="false">
      <button>Add</button>
    </form>
    <p id="add-error" class="error" role="alert" hidden></p>
    <p class="note">Changes take effect at once, for everybody who watches. Background is <span id="rule">where no label wins</span>.</p>
    <datalist id="words"></datalist>
  </aside>
</main>
<template id="source-template">
  <article class="source">
    <header>
      <h2 class="name"></h2>
      <p class="state" role="status" data-state="connecting">connecting</p>
      <span class="actions">
        <button class="icon enlarge" type="button" aria-pressed="false" title="Enlarge"><svg viewBox="0 0 16 16" aria-hidden="true"><path d="M9.5 2H14v4.5M6.5 14H2V9.5M14 2 9 7M2 14l5-5"/></svg></button>
        <button class="icon snapshot" type="button" disabled title="Save snapshot"><svg viewBox="0 0 16 16" aria-hidden="true"><path d="M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11"/></svg></button>
      </span>
    </header>
    <p class="reason" hidden></p>
    <figure class="picture"><canvas class="view" role="img" width="16" height="9"></canvas><figcaption>No picture yet</figcaption></figure>
    <dl class="numbers">
      <div><dt>frames/s</dt><dd class="rate">–</dd></div>
      <div><dt>latency</dt><dd class="latency">–</dd></div>
      <div><dt>dropped</dt><dd class="dropped">–</dd></div>
      <div><dt>frame</dt><dd class="index">–</dd></div>
      <div><dt>time</dt><dd class="time">–</dd></div>
    </dl>
    <canvas class="chart" role="img" aria-label="Share of the picture per label over the last minute"></canvas>
    <ul class="shares" aria-label="Share of the picture per label"></ul>
  </article>
</template>
<template id="label-template">
  <li class="label">
    <span class="swatch"></span>
    <input class="label-name" list="words" maxlength="200" spellcheck="false" aria-label="Name of the label" autocomplete="off">
    <button class="icon remove" type="button" title="Remove"><svg viewBox="0 0 16 16" aria-hidden="true"><path d="m4 4 8 8M12 4l-8 8"/></svg></button>
    <input class="threshold" type="range" min="0" max="1" step="0.01">
    <output class="threshold-value"></output>
    <button class="icon reset" type="button" title="No threshold"><svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3.5 3v3.5H7M3.8 6.3A5 5 0 1 1 3 9"/></svg></button>
    <p class="error" role="alert" hidden></p>
  </li>
</template>
</body>
</html>
`;

/** What asks for the token. */
export const LOCKED_HTML = String.raw`${HEAD}
</head>
<body class="locked">
<form action="./" method="get">
  <h1>%TITLE%</h1>
  <p>This preview is shared on the network. Enter the token that was printed when it was started.</p>
  <p><input name="token" type="password" required minlength="8" aria-label="Token" autocomplete="current-password"> <button>Open</button></p>
</form>
</body>
</html>
`;
