// Shows times in the reader's own zone (UTC without this script); "Copy" beside links to be handed over.
(function () {
  "use strict";
  var formats = {
    clock: { hour: "2-digit", minute: "2-digit" },
    moment: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" },
  };

  function localise(root) {
    root.querySelectorAll("time[data-local]").forEach(function (time) {
      var when = new Date(time.dateTime);
      if (isNaN(when)) return;
      var kind = time.dataset.local;
      if (kind === "clock" && Date.now() - when > 20 * 3600 * 1000) kind = "moment";
      time.textContent = when.toLocaleString("en-GB", formats[kind]);
      time.removeAttribute("data-local");
    });
  }

  // "Copy" beside a link that is to be handed over; browsers allow it on https and on this machine.
  document.querySelectorAll("[data-copy]").forEach(function (button) {
    var field = button.parentElement.querySelector("input");
    button.hidden = false;
    button.addEventListener("click", function () {
      field.select();
      if (!navigator.clipboard) return;
      navigator.clipboard.writeText(field.value).then(function () { button.textContent = "Copied"; });
    });
  });

  if (window.htmx) window.htmx.onLoad(localise);
  else localise(document);
})();
