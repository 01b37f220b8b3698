/** The look of the API's page, in both light and dark. */
export const docsStyle = `
:root{color-scheme:light dark;--ink:#1c2330;--soft:#5d6779;--line:#e1e5ec;--bar:#f5f7fa;--code:#f0f2f6;--link:#2457c5}
@media(prefers-color-scheme:dark){:root{--ink:#dde3ee;--soft:#99a3b5;--line:#2a313d;--bar:#151a22;--code:#1d232d;--link:#8fb4ff}
body{background:#10141a}}
*{box-sizing:border-box}html{scroll-padding-top:1rem}
body{margin:0;font:15px/1.55 system-ui,sans-serif;color:var(--ink);display:grid;grid-template-columns:17rem minmax(0,1fr)}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1rem;background:var(--bar);border-right:1px solid var(--line)}
nav ul{list-style:none;margin:0;padding:0}nav li a{display:block;padding:.1rem 0;color:inherit}
nav h2{font-size:.75rem;text-transform:uppercase;letter-spacing:.06em;color:var(--soft);margin:1rem 0 .2rem}
nav input{width:100%;padding:.4rem .6rem;font:inherit;border:1px solid var(--line);border-radius:.4rem}
.name{margin:0 0 .6rem;font-weight:600}
main{max-width:60rem;padding:1.5rem 2.5rem 6rem}h1{margin-top:0}
main h2{margin:3rem 0 0;padding-bottom:.3rem;border-bottom:1px solid var(--line)}
h3{margin:2rem 0 .2rem}h3 a{color:inherit}h4{margin:1rem 0 .3rem;color:var(--soft)}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}small,.type{color:var(--soft)}.type,.line{margin:.2rem 0}
code,pre{font:13px/1.5 ui-monospace,monospace}code{background:var(--code);padding:.1em .3em;border-radius:.25em}
pre{background:var(--code);padding:.8rem 1rem;border-radius:.4rem;overflow:auto}
table{border-collapse:collapse;width:100%}td{border-top:1px solid var(--line);padding:.3rem .6rem .3rem 0;vertical-align:top}
td b{color:#c0392b}dt{font-weight:600;margin-top:.5rem}dd{margin:0 0 0 1rem}summary{cursor:pointer;color:var(--soft)}
.method{display:inline-block;min-width:3.6rem;text-align:center;font:600 12px/1.8 ui-monospace,monospace;text-transform:uppercase;
color:#fff;border-radius:.25em;background:#5d6779}.get{background:#1f7a4d}.post{background:#2457c5}.put,.patch{background:#9a6700}
.delete{background:#b3261e}section:target>h3{background:var(--code)}[hidden]{display:none}
@media(max-width:50rem){body{display:block}nav{position:static;height:auto}main{padding:1rem}}`;

/** Hides the calls that what is typed does not occur in. */
export const docsScript = `
const search=document.querySelector("input[type=search]");
search.addEventListener("input",()=>{
const words=search.value.toLowerCase().split(/\\s+/);
for(const item of document.querySelectorAll("[data-find]"))item.hidden=!words.every((word)=>item.dataset.find.includes(word));
});`;
