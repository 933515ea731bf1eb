namespace REHRSeg.Tool;

/// <summary>A part of the page with its entry in the table of contents.</summary>
/// <param name="Id">Anchor.</param>
/// <param name="Title">Heading, as plain text.</param>
/// <param name="Html">Below the heading; empty: the section is left out.</param>
internal sealed record ReportSection(string Id, string Title, string Html);
