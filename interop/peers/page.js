// A web phone of JsSIP with nothing around it. Its microphone is a tone, its ear
// looks for tones; phone.* is called from outside.
import JsSIP from 'jssip';

const q = new URLSearchParams(location.search);
const audio = new AudioContext({ sampleRate: 48000 });
const oscillator = audio.createOscillator();
const gain = audio.createGain();
const microphone = audio.createMediaStreamDestination();
oscillator.frequency.value = Number(q.get('hz') || 1000);
gain.gain.value = 0.4;
oscillator.connect(gain).connect(microphone);
oscillator.start();

// The last second of what is heard.
const heard = new Float32Array(48000);
let at = 0, total = 0;
const ear = audio.createScriptProcessor(4096, 1, 1);
ear.onaudioprocess = e => {
  for (const v of e.inputBuffer.getChannelData(0)) { heard[at] = v; at = (at + 1) % heard.length; }
  total += 4096;
};
ear.connect(audio.destination);

const ice = JSON.parse(q.get('ice') || '[]');
const options = {
  mediaStream: microphone.stream,
  pcConfig: { iceServers: ice, iceTransportPolicy: q.get('relay') ? 'relay' : 'all' },
  rtcOfferConstraints: { offerToReceiveAudio: true, offerToReceiveVideo: false },
};
const seen = { state: 'starting', digits: '', held: false, error: '', offers: [] };
let session = null, source = null;

function listen(pc) {
  pc.addEventListener('track', e => {
    const stream = e.streams[0] || new MediaStream([e.track]);
    const element = document.createElement('audio'); // Chromium lets nothing flow without one
    element.srcObject = stream;
    element.muted = true;
    element.play();
    if (source) source.disconnect();
    source = audio.createMediaStreamSource(stream);
    source.connect(ear);
  });
}

const ua = new JsSIP.UA({
  sockets: [new JsSIP.WebSocketInterface(q.get('ws'))],
  uri: `sip:${q.get('user')}@${q.get('domain')}`, authorization_user: q.get('auth') || q.get('user'), password: q.get('password'),
  register_expires: 600, session_timers: q.get('timers') === '1',
});
ua.on('registered', () => { if (seen.state === 'starting') seen.state = 'ready'; });
ua.on('registrationFailed', e => { seen.error = 'registration: ' + e.cause; });
ua.on('newRTCSession', ({ session: s, originator }) => {
  session = s;
  seen.digits = ''; seen.held = false;
  seen.state = originator === 'remote' ? 'incoming' : 'calling';
  s.on('progress', d => { if (d.originator === 'remote') seen.state = 'ringing'; });
  s.on('confirmed', () => { seen.state = 'established'; });
  s.on('ended', d => { seen.state = 'ended'; seen.cause = d.cause; });
  s.on('failed', d => { seen.state = 'ended'; seen.cause = d.cause; });
  s.on('hold', d => { if (d.originator === 'remote') seen.held = true; });
  s.on('unhold', d => { if (d.originator === 'remote') seen.held = false; });
  s.on('newDTMF', d => { if (d.originator === 'remote') seen.digits += d.dtmf.tone; });
  s.on('sdp', d => { seen.offers.push({ who: d.originator, type: d.type, sdp: d.sdp }); });
  s.on('peerconnection', d => listen(d.peerconnection));
  if (s.connection) listen(s.connection);
});

window.phone = {
  seen: () => seen,
  dial: to => { ua.call(to, options); },
  answer: () => { session.answer(options); },
  hangup: () => { if (session && !session.isEnded()) session.terminate(); },
  hold: () => new Promise((ok, no) => { if (!session.hold({}, ok)) no(new Error('not ready for a hold')); }),
  unhold: () => new Promise((ok, no) => { if (!session.unhold({}, ok)) no(new Error('not ready to resume')); }),
  digits: (text, how) => { session.sendDTMF(text, { transportType: how, duration: 100, interToneGap: 100 }); },
  quiet: on => { gain.gain.value = on ? 0 : 0.4; },
  restart: () => new Promise((ok, no) => {
    if (!session.renegotiate({ rtcOfferConstraints: { iceRestart: true } }, ok)) no(new Error('not ready to renegotiate'));
  }),
  ufrag: () => (/a=ice-ufrag:(\S+)/.exec(session.connection.localDescription.sdp) || [])[1],
  // level is the amplitude of a tone in the last second (Goertzel's algorithm).
  level: hz => {
    let re = 0, im = 0;
    for (let i = 0; i < heard.length; i++) {
      const w = 2 * Math.PI * hz * i / 48000, v = heard[(at + i) % heard.length];
      re += v * Math.cos(w); im += v * Math.sin(w);
    }
    return { level: 2 * Math.hypot(re, im) / heard.length, samples: total };
  },
  pair: async () => {
    let out = '';
    const all = await session.connection.getStats();
    all.forEach(r => {
      if (r.type === 'candidate-pair' && r.nominated) out = all.get(r.localCandidateId).candidateType + ' ' + (all.get(r.localCandidateId).relayProtocol || '');
    });
    return out.trim();
  },
  far: async () => {
    let out = '';
    const all = await session.connection.getStats();
    all.forEach(r => {
      if (r.type === 'candidate-pair' && r.nominated) out = all.get(r.remoteCandidateId).candidateType;
    });
    return out.trim();
  },
};
audio.resume();
ua.start();
