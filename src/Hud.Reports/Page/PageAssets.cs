using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Hud.Reports.Page;

/// <summary>Our own style sheets and scripts, embedded as resources, joined and inlined; their hashes go into the page's policy.</summary>
internal static class PageAssets
{
    // the order is the cascade
    private static readonly string[] Styles =
    [
        "base.css",
        "panel.css",
        "hotspots.css",
        "charts.css",
        "tables.css",
        "phone.css",
        "compare.css",
        "print.css",
    ];

    // the order is that of use: one script, one scope
    private static readonly string[] Shared = ["util.js", "data.js", "flame-tree.js", "flame-view.js"];

    private static readonly string[] Scripts =
    [
        .. Shared,
        "timeline-model.js",
        "timeline-view.js",
        "hotspots.js",
        "tables.js",
        "main.js",
    ];

    private static readonly string[] CompareScripts = [.. Shared, "tables.js", "compare.js"];

    private static readonly Lazy<string> LazyStyle = new(() => string.Concat(Styles.Select(Read)));

    private static readonly Lazy<string> LazyScript = new(() => OneScope(Scripts));

    private static readonly Lazy<string> LazyCompareScript = new(() => OneScope(CompareScripts));

    public static string Style => LazyStyle.Value;

    public static string Script => LazyScript.Value;

    /// <summary>Of the page that compares two runs.</summary>
    public static string CompareScript => LazyCompareScript.Value;

    /// <summary>As <c>script-src</c> and <c>style-src</c> take it: over the exact text between the tags.</summary>
    public static string Hash(string text) =>
        "'sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text))) + "'";

    private static string OneScope(string[] scripts) =>
        $"(() => {{\n\"use strict\";\n{string.Concat(scripts.Select(Read))}}})();\n";

    /// <summary>Without indentation and comment lines. No asset has a string over several lines.</summary>
    private static string Dense(string source) =>
        string.Concat(
            source
                .Split('\n')
                .Select(line => line.Trim())
                .Where(line =>
                    line.Length > 0
                    && !line.StartsWith("//", StringComparison.Ordinal)
                    && !line.StartsWith("/*", StringComparison.Ordinal)
                )
                .Select(line => line + "\n")
        );

    private static string Read(string name)
    {
        using var stream =
            Assembly.GetExecutingAssembly().GetManifestResourceStream("page/" + name)
            ?? throw new InvalidOperationException($"the page's {name} is not in the assembly");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return Dense(reader.ReadToEnd());
    }
}
