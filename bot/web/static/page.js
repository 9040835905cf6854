// Shows times in the reader's own zone; without this script they are shown in UTC.
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

  if (window.htmx) window.htmx.onLoad(localise);
  else localise(document);
})();
