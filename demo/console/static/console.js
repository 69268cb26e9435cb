// Renews the page in place, without touching what the reader scrolled or
// selected when nothing has changed.
"use strict";
const every = 2000; // milliseconds
const connection = document.getElementById("connection");

async function renew() {
  try {
    const answer = await fetch(location.origin + location.pathname, { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("content");
    const shown = document.getElementById("content");
    // A recording that is being played goes on.
    const plays = [...shown.querySelectorAll("audio")].some((a) => a.currentTime > 0 && !a.ended);
    if (!plays && fresh && fresh.innerHTML !== shown.innerHTML) shown.replaceWith(document.adoptNode(fresh));
    connection.textContent = "";
  } catch {
    connection.textContent = "The platform does not answer.";
  }
  setTimeout(renew, document.hidden ? 5 * every : every);
}

setTimeout(renew, every);
