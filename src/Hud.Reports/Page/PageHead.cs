namespace Hud.Reports.Page;

/// <summary>What stands before the text: the policy that lets nothing in but our own style and script, and the style.</summary>
internal static class PageHead
{
    public static void Write(HtmlBuilder html, string title, string version, string script)
    {
        string style = PageAssets.Style;
        html.Add(
            $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src {PageAssets.Hash(
                script
            )}; style-src {PageAssets.Hash(style)}; base-uri 'none'; form-action 'none'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="dark">
            <meta name="referrer" content="no-referrer">
            <meta name="generator" content="hud {version}">
            <title>{title}</title>
            <style>{new RawHtml(style)}</style>
            </head>
            <body>
            """
        );
    }
}
