using Hud.Core.Profile;

namespace Hud.Reports.Text;

/// <summary>Hotspots carry their stacks as text, <c>function (file:line)</c>; this reads them again. Pure.</summary>
public static class FrameText
{
    private static readonly string[] Runtime =
    [
        "tokio",
        "mio",
        "hyper",
        "hyper_util",
        "tower",
        "futures",
        "futures_util",
        "futures_core",
        "h2",
    ];
    private static readonly string[] Std = ["std", "core", "alloc"];

    /// <summary>Function and place; the place is empty where the line has none.</summary>
    public static (string Function, string Location) Parse(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        int open = line.LastIndexOf(" (", StringComparison.Ordinal);
        if (open <= 0 || !line.EndsWith(')'))
            return (line, "");
        string inside = line[(open + 2)..^1];
        // a function's own parentheses hold no line number
        int colon = inside.LastIndexOf(':');
        return colon > 0 && colon + 1 < inside.Length && inside[(colon + 1)..].All(char.IsAsciiDigit)
            ? (line[..open], inside)
            : (line, "");
    }

    /// <summary>The crate of a path; of <c>&lt;a::B as c::D&gt;::m</c> that of the type.</summary>
    public static string Crate(string function)
    {
        ArgumentNullException.ThrowIfNull(function);
        string path = function
            .TrimStart('<', '&', '*', '(', '[')
            .Replace("mut ", "", StringComparison.Ordinal)
            .Replace("dyn ", "", StringComparison.Ordinal);
        int end = path.AsSpan().IndexOfAny(":< >,)".AsSpan());
        return end < 0 ? path : path[..end];
    }

    /// <param name="userCrate">The crate of the frame that is to blame.</param>
    public static FrameKind KindOf(string function, string userCrate)
    {
        string crate = Crate(function);
        if (crate.Length > 0 && crate == userCrate)
            return FrameKind.User;
        return Runtime.Contains(crate, StringComparer.Ordinal) ? FrameKind.Runtime
            : Std.Contains(crate, StringComparer.Ordinal) ? FrameKind.Std
            : FrameKind.ThirdParty;
    }
}
