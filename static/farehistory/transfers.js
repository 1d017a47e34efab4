// The forms of imports and exports. They are whole without it: times are then taken to be in the server's zone.
(() => {
    "use strict";

    // Times are picked in the reader's zone and sent in UTC; one that is left as it was, exactly as it came.
    function sendUtc(form) {
        form.addEventListener("formdata", ({ formData }) => {
            for (const field of form.querySelectorAll("[data-fh-instant]")) {
                if (field.type !== "datetime-local" || !field.value) continue;
                const isAsItCame = field.value === field.dataset.fhShown;
                formData.set(field.name, isAsItCame ? field.dataset.fhUtc : new Date(field.value).toISOString());
            }
        });
    }

    // A mapping is asked for only where one is needed.
    function showMapping(form) {
        const mapped = form.querySelector("[data-fh-mapped]");
        const mapping = form.querySelector("[data-fh-mapping]");
        const show = () => { mapping.hidden = !mapped.checked; };
        form.addEventListener("change", show);
        show();
    }

    // The shell would write the name of a chosen file into the next text field, whichever that is.
    document.addEventListener("change", (event) => {
        if (event.target.matches(".fh-file")) event.stopPropagation();
    }, { capture: true });

    document.addEventListener("DOMContentLoaded", () => {
        document.querySelectorAll("[data-fh-instants]").forEach(sendUtc);
        document.querySelectorAll("[data-fh-import]").forEach(showMapping);
    });
})();
