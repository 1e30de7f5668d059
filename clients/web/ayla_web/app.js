const link = Object.assign(document.createElement("a"), { href: "/docs", textContent: "The API" });
document.getElementById("app").append(link);
