// The Desk API of the softphone Offhook, for a page of your own. It is described by
// openapi.json; nothing here is needed but fetch and WebSocket.
//
//   const phone = new Offhook({name: "Customers"});
//   phone.addEventListener("snapshot", e => show(e.detail));   // the phone, at each change
//   phone.addEventListener("state", e => say(e.detail));       // off, unpaired, connected
//   await phone.ask();             // the phone shows a code
//   await phone.prove("123456");   // the agent typed it into your page
//   await phone.call("dial", {args: ["bob"], message: "order 4471"});
export class Offhook extends EventTarget {
  constructor({name, port = 47114, host = "127.0.0.1", store = localStorage}) {
    super();
    Object.assign(this, {name, base: `${host}:${port}`, store, socket: null, pairing: null, delay: 0, closed: false});
    this.connect();
  }

  get token() { return this.store.getItem("offhook-token"); }

  // request sends one request and returns its answer. An error carries the phone's
  // code and sentence.
  async request(method, path, body, token = this.token) {
    const headers = {};
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (token) headers.Authorization = "Bearer " + token;
    const response = await fetch(`http://${this.base}${path}`, {method, headers, body: body === undefined ? undefined : JSON.stringify(body)});
    const answer = response.status === 204 ? null : await response.json();
    if (response.ok) return answer;
    if (response.status === 401 && token) this.lose();
    const failure = answer?.error ?? {code: String(response.status), message: response.statusText};
    throw Object.assign(new Error([failure.message, failure.next].filter(Boolean).join(" ")), {code: failure.code});
  }

  // ask begins the pairing: the phone shows a code of six digits for two minutes.
  async ask() { this.pairing = (await this.request("POST", "/v1/pairings", {name: this.name}, null)).pairing; }

  // prove ends it with the code that the agent has read.
  async prove(code) {
    const {token} = await this.request("POST", `/v1/pairings/${this.pairing}`, {code}, null);
    this.store.setItem("offhook-token", token);
    this.delay = 0;
    this.connect();
  }

  // forget ends the pairing.
  async forget() {
    await this.request("DELETE", "/v1/pairings/current");
    this.lose();
  }

  // call runs a command of the phone, such as dial, answer, hangup, mute, hold or
  // transfer, and returns the phone's state after it.
  call(command, body = {}) { return this.request("POST", `/v1/commands/${command}`, body); }

  lose() {
    this.store.removeItem("offhook-token");
    this.socket?.close();
    this.say("unpaired");
  }

  say(state) { this.dispatchEvent(new CustomEvent("state", {detail: state})); }

  connect() {
    clearTimeout(this.timer);
    this.socket?.close();
    if (!this.token) return queueMicrotask(() => this.say("unpaired"));
    const socket = new WebSocket(`ws://${this.base}/v1/events`, ["offhook.desk.v1", "token." + this.token]);
    this.socket = socket;
    socket.onopen = () => { this.delay = 0; this.say("connected"); };
    socket.onmessage = e => {
      const message = JSON.parse(e.data);
      if (message.type === "snapshot") this.dispatchEvent(new CustomEvent("snapshot", {detail: message.snapshot}));
    };
    socket.onclose = async () => {
      if (this.socket !== socket) return;
      this.say("off");
      // A refused token shows as a closed socket: ask over HTTP which it was.
      await this.request("GET", "/v1/status").catch(() => {});
      if (!this.token) return;
      this.delay = Math.min((this.delay || 250) * 2, 10000);
      this.timer = setTimeout(() => this.connect(), this.delay * (0.5 + Math.random() / 2));
    };
  }
}
