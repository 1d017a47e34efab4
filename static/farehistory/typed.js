// What was typed into a form whose sending failed because the session had ended, or was begun anew in another tab:
// it stays in this tab, and is there again once the same person has signed in.
(() => {
    "use strict";

    const KEPT = "fh-typed";
    const UNKEPT = ["csrfmiddlewaretoken", "seen_version"];

    function read() {
        try {
            return JSON.parse(sessionStorage.getItem(KEPT));
        } catch {
            return null;
        }
    }

    // `data-fh-typed`: the address where the form is found empty; `data-fh-typed-by`: whose it is.
    function keep(form) {
        form.addEventListener("submit", () => {
            const fields = [...new FormData(form)].filter(([name]) => !UNKEPT.includes(name));
            const kept = { address: form.dataset.fhTyped, by: form.dataset.fhTypedBy, fields };
            sessionStorage.setItem(KEPT, JSON.stringify(kept));
        });
    }

    function fill(form, fields) {
        for (const [name, value] of fields) {
            for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
                if (["radio", "checkbox"].includes(field.type)) field.checked = field.value === value;
                else field.value = value;
            }
        }
        for (const said of form.querySelectorAll("[data-fh-typed-again]")) said.hidden = false;
    }

    document.addEventListener("DOMContentLoaded", () => {
        const form = document.querySelector("[data-fh-typed]");
        if (form) keep(form);
        const kept = read();
        if (!kept) return;
        // Where a session begins anew there is no form: the way back to it.
        for (const way of document.querySelectorAll("[data-fh-typed-elsewhere]")) {
            way.href = kept.address;
            way.closest("[hidden]").hidden = false;
        }
        if (!form) return;
        sessionStorage.removeItem(KEPT);
        const isHere = form.dataset.fhTyped === kept.address && form.dataset.fhTypedBy === kept.by;
        if (isHere && "fhTypedEmpty" in form.dataset) fill(form, kept.fields);
    });
})();
