// Sends messages without leaving the page, shows them at once, and keeps trying until they are kept.
// New messages come by server-sent events (htmx); without this script the forms still work.
(function () {
  "use strict";
  var talk = document.getElementById("talk");
  var log = document.getElementById("log");
  var scroller = document.getElementById("scroller");
  var composer = document.getElementById("composer");
  var box = document.getElementById("text");
  var note = document.getElementById("note");
  var words = document.getElementById("words").dataset;
  var person = talk.dataset.person;
  var csrf = composer.elements.csrf.value;
  var store = "rapport-unsent-" + person;
  var queue = [];
  var busy = false;
  var lost = false;

  function newId() {
    // crypto.randomUUID exists on https and localhost only.
    var bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, function (b) { return b.toString(16).padStart(2, "0"); }).join("");
  }

  function say(text) { note.textContent = text || ""; }

  function toNewest() {
    var still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    scroller.scrollTo({ top: 0, behavior: still ? "auto" : "smooth" });
  }

  // Other quick actions while a customer speaks.
  function playing(kind) {
    if (kind === "assessed_question") talk.classList.add("answering");
    else if (/^(answers_sent|assessment_(paused|over)|practice_starts|question|choice_question|paused)$/.test(kind || "")) talk.classList.remove("answering");
    if (kind === "customer") talk.classList.add("playing");
    else if (/^(ending_|roleplay_(paused|left)|practice_starts|question|choice_question|paused)/.test(kind || "")) talk.classList.remove("playing");
  }

  // The scroller is a reversed column: 0 is the newest message, above it is negative.
  function nearNewest() { return Math.abs(scroller.scrollTop) < 160; }

  function dropChoices() { log.querySelectorAll(".choices").forEach(function (c) { c.remove(); }); }

  function show(job) {
    var bubble = document.getElementById("bubble").content.firstElementChild.cloneNode(true);
    bubble.dataset.key = "web-" + person + "-" + job.id;
    bubble.querySelector(".text").textContent = job.text;
    log.append(bubble);
    job.bubble = bubble;
    var hello = document.getElementById("hello");
    if (hello) hello.remove();
    dropChoices();
    toNewest();
  }

  function state(job, text) {
    if (job.bubble.isConnected) job.bubble.querySelector(".sent").textContent = text;
  }

  function keep() {
    try {
      var left = queue.map(function (j) { return { id: j.id, text: j.text, payload: j.payload }; });
      if (left.length) sessionStorage.setItem(store, JSON.stringify(left));
      else sessionStorage.removeItem(store);
    } catch (e) { /* no storage: then only this page keeps them */ }
  }

  function add(text, payload) {
    var job = { id: newId(), text: text, payload: payload || "", delay: 500 };
    queue.push(job);
    keep();
    show(job);
    say("");
    work();
  }

  // One at a time, in order; the same id each time, so that the message is kept once however often it is sent.
  function work() {
    if (busy || !queue.length) return;
    busy = true;
    var job = queue[0];
    var body = new URLSearchParams({ text: job.text, message_id: job.id });
    if (job.payload) body.set("payload", job.payload);
    fetch("/chat/messages", {
      method: "POST",
      body: body,
      credentials: "same-origin",
      headers: { "X-CSRF-Token": csrf, "X-Requested-With": "fetch" },
      signal: AbortSignal.timeout ? AbortSignal.timeout(15000) : undefined,
    }).then(function (answer) {
      if (answer.status === 401) { keep(); location.assign("/sign-in?next=/chat"); return; }
      if (answer.status >= 500 || answer.status === 429) throw new Error("try again");
      return answer.text().then(function (text) {
        queue.shift();
        keep();
        busy = false;
        state(job, answer.ok ? words.sent : words.refused);
        job.bubble.classList.remove("pending");
        if (!answer.ok) job.bubble.classList.add("refused");
        if (text) say(text);
        work();
      });
    }).catch(function () {
      state(job, words.trying);
      job.delay = Math.min(job.delay * 2, 10000);
      setTimeout(function () { busy = false; work(); }, job.delay);
    });
  }

  function grow() {
    box.style.height = "auto";
    box.style.height = Math.min(box.scrollHeight + 2, window.innerHeight * 0.35) + "px";
  }

  function isBlank(text) { return !text.replace(/[\s\u200b-\u200f\u2060\ufeff\u00ad]/g, ""); }

  function sendBox() {
    var text = box.value;
    if (isBlank(text)) { say(words.empty); box.focus(); return; }
    box.value = "";
    grow();
    add(text);
    box.focus();
  }

  box.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    sendBox();
  });
  box.addEventListener("input", function () { grow(); say(""); });

  talk.addEventListener("submit", function (event) {
    event.preventDefault();
    var button = event.submitter;
    if (event.target === composer) { sendBox(); return; }
    if (!button) return;
    if (event.target.classList.contains("begin")) event.target.remove();
    if (button.name === "payload") add(button.textContent.trim(), button.value);
    else add(button.value);
    if (!window.matchMedia("(pointer: coarse)").matches) box.focus();
  });

  document.addEventListener("htmx:sseBeforeMessage", function (event) {
    var message = event.detail;
    if (message.type === "signed-out") {
      event.preventDefault();
      location.assign("/sign-in?next=/chat");
    }
    if (message.type !== "message") return;
    var made = document.createElement("template");
    made.innerHTML = message.data;
    var bubble = made.content.querySelector(".bubble");
    if (!bubble || document.getElementById(bubble.id)) { event.preventDefault(); return; }
    var hello = document.getElementById("hello");
    if (hello) hello.remove();
    playing(bubble.dataset.kind);
    var mine = bubble.dataset.key && log.querySelector('[data-key="' + CSS.escape(bubble.dataset.key) + '"]');
    if (mine) mine.remove();
    if (bubble.classList.contains("mine") || bubble.querySelector(".choices")) dropChoices();
    event.target.rapportFollow = nearNewest();
  });
  document.addEventListener("htmx:sseMessage", function (event) {
    // What is not sent yet stays below what is.
    queue.forEach(function (job) { if (job.bubble.isConnected && job.bubble.classList.contains("pending")) log.append(job.bubble); });
    if (event.target.rapportFollow !== false) toNewest();
  });
  document.addEventListener("htmx:sseError", function () { lost = true; say(words.offline); });
  document.addEventListener("htmx:sseOpen", function () { if (lost) { lost = false; say(words.back); } });
  window.addEventListener("online", function () { busy = false; work(); });

  try {
    JSON.parse(sessionStorage.getItem(store) || "[]").forEach(function (left) {
      var job = { id: left.id, text: left.text, payload: left.payload, delay: 500 };
      if (log.querySelector('[data-key="web-' + person + "-" + CSS.escape(job.id) + '"]')) return;
      queue.push(job);
      show(job);
    });
  } catch (e) { /* nothing kept */ }
  keep();
  work();
  if (!window.matchMedia("(pointer: coarse)").matches) box.focus();
})();
