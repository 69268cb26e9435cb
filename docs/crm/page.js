// The example page: click a number to call it, and see the customer's card while
// the phone rings.
import {Offhook} from "./offhook.js";

const customers = [
  {name: "Alice Example", number: "alice", order: "4471, on its way"},
  {name: "Bob Example", number: "bob", order: "4480, paid"},
  {name: "Carol Example", number: "carol", order: "none"},
  {name: "Echo", number: "echo", order: "none"},
];

const $ = id => document.getElementById(id);
const query = new URLSearchParams(location.search);
const phone = new Offhook({name: document.title, port: Number(query.get("port") ?? 47114)});
const words = {off: "not running, or its Desk API is off", unpaired: "not connected", connected: "connected"};

async function attempt(action) {
  $("problem").textContent = "";
  try { return await action(); } catch (e) { $("problem").textContent = e.message; }
}

for (const c of customers) {
  const row = $("customers").insertRow();
  row.insertCell().textContent = c.name;
  const link = Object.assign(document.createElement("a"), {href: "#", className: "number", textContent: c.number});
  link.onclick = e => { e.preventDefault(); attempt(() => phone.call("dial", {args: [c.number], message: $("message").value})); };
  row.insertCell().append(link);
  row.insertCell().textContent = c.order;
}

phone.addEventListener("state", e => {
  $("state").textContent = words[e.detail];
  $("pair").hidden = e.detail !== "unpaired";
  if (e.detail !== "connected") $("card").hidden = true;
});

// A page that was opened by the phone's screen pop shows that customer at once.
function card(id, name, rest) {
  const customer = customers.find(c => c.number === id);
  $("who").textContent = customer?.name ?? name ?? id;
  $("record").textContent = customer ? `Last order: ${customer.order}` : "Not a customer yet";
  $("call").textContent = rest;
  $("card").hidden = false;
}
if (query.get("number")) card(query.get("number"), query.get("name"), query.get("message") ?? "");

phone.addEventListener("snapshot", e => {
  const {call} = e.detail;
  $("card").hidden = !call;
  if (!call) return;
  card(call.remote_id, call.remote_name, [call.direction, call.state, call.muted && "muted", call.held && "on hold", call.message].filter(Boolean).join(" · "));
  const talking = call.state === "ESTABLISHED";
  const may = {answer: call.state === "INCOMING", hangup: true, mute: talking && !call.muted, unmute: talking && call.muted, hold: talking && !call.held, resume: talking && call.held};
  for (const b of document.querySelectorAll("[data-command]")) b.disabled = !may[b.dataset.command];
  $("transfer").disabled = !talking;
});

for (const b of document.querySelectorAll("[data-command]")) b.onclick = () => attempt(() => phone.call(b.dataset.command));
$("transfer").onclick = () => attempt(() => phone.call("transfer", {args: [$("target").value]}));
$("ask").onclick = () => attempt(async () => { await phone.ask(); $("prove").hidden = false; $("code").focus(); });
$("pair").onsubmit = e => { e.preventDefault(); attempt(async () => { await phone.prove($("code").value.trim()); $("prove").hidden = true; $("code").value = ""; }); };
