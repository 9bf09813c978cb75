// The interactive documentation: this server's own document, tried out against this server. Credentials that
// are typed into "Authorize" stay in the page's memory.
window.ui = SwaggerUIBundle({
  url: "/api-spec.json",
  dom_id: "#docs",
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
