using Hud.Core.Api;
using Hud.Core.Profile;

namespace Hud.Reports.Formats;

/// <summary>
/// One file that people open. The command line, the operator and the plugin all write through this, so the same
/// document gives the same bytes everywhere.
/// </summary>
public interface IReportFormat
{
    OutputFormat Format { get; }

    /// <summary>With its dot, e.g. <c>.folded.txt</c>.</summary>
    string FileExtension { get; }

    /// <summary>Key within a ConfigMap, e.g. <c>stacks.folded.txt</c>.</summary>
    string Key { get; }

    /// <summary>True when the bytes are not UTF-8 text, so that they belong under <c>binaryData</c>.</summary>
    bool IsBinary { get; }

    /// <summary>
    /// The file, at most <paramref name="maxBytes"/> long. The shortest slow polls and the rarest stacks go first;
    /// <paramref name="truncated"/> says that something went, and the file itself says what.
    /// </summary>
    byte[] Render(ProfileDocument document, int maxBytes, out bool truncated);
}
