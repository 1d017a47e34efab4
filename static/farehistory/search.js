// The search form's address: without what is empty, so that it is a permalink. Days are those of the reader's zone.
(() => {
    "use strict";

    const DAYS = ["since", "until"];

    function tidy({ formData }) {
        const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
        const hasDays = DAYS.some((name) => formData.get(name)) || /\s/.test((formData.get("q") || "").trim());
        for (const [name, value] of [...formData.entries()]) {
            if (!String(value).trim()) formData.delete(name);
        }
        if (!hasDays) formData.delete("zone");
        else if (!formData.get("zone")) formData.set("zone", zone);
    }

    document.addEventListener("DOMContentLoaded", () => {
        for (const form of document.querySelectorAll("[data-fh-search-form]")) {
            form.addEventListener("formdata", tidy);
        }
    });
})();
