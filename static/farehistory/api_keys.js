// The pages of API keys. They are whole without it: times are then in the server's zone, and a reload asks to send again.
(() => {
    "use strict";

    // A time that was picked is of the reader's zone, and is sent in UTC.
    function sendTimesAsUtc(form) {
        form.addEventListener("formdata", ({ formData }) => {
            for (const field of form.querySelectorAll("[data-fh-instant]")) {
                const at = field.type === "datetime-local" && field.value && new Date(field.value);
                if (at && !Number.isNaN(at.getTime())) formData.set(field.name, at.toISOString());
            }
        });
    }

    // Pressed twice, it is sent once: the second answer could not show the key again.
    function sendOnce(form) {
        form.addEventListener("submit", (event) => {
            if ("fhSent" in form.dataset) event.preventDefault();
            form.dataset.fhSent = "";
        });
        window.addEventListener("pageshow", () => delete form.dataset.fhSent);
    }

    // Reloaded, the page is the key's own. Left, nothing of the key stays behind in the browser's memory of the page.
    function showOnce(shown) {
        history.replaceState(null, "", shown.dataset.fhShownOnce);
        window.addEventListener("pagehide", () => {
            for (const secret of shown.querySelectorAll("[data-fh-secret]")) {
                secret.textContent = secret.dataset.fhSecret;
            }
            for (const button of shown.querySelectorAll("[data-fh-copy]")) button.remove();
        });
    }

    document.addEventListener("DOMContentLoaded", () => {
        for (const form of document.querySelectorAll("[data-fh-key-form]")) {
            sendTimesAsUtc(form);
            sendOnce(form);
        }
        for (const shown of document.querySelectorAll("[data-fh-shown-once]")) showOnce(shown);
    });
})();
