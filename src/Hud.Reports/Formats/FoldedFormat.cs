using System.Text;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Reports.Flame;

namespace Hud.Reports.Formats;

/// <summary>
/// One line a stack, root first, for flamegraph.pl, inferno and speedscope:
/// <c>task;outer;inner 18400</c>, in microseconds of worker time lost (on-CPU + blocked; run-queue delay is not the code's).
/// </summary>
public sealed class FoldedFormat : IReportFormat
{
    public OutputFormat Format => OutputFormat.Folded;
    public string FileExtension => ".folded.txt";
    public string Key => "stacks.folded.txt";
    public bool IsBinary => false;

    public byte[] Render(ProfileDocument document, int maxBytes, out bool truncated) =>
        SizeFit.Render(document, maxBytes, out truncated, Write);

    private static byte[] Write(ProfileDocument document)
    {
        var lines = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var line = new StringBuilder();
        foreach (var weight in StackWeights.Of(document))
        {
            if (weight.LostNs <= 0)
                continue;
            line.Clear();
            Append(line, StackNames.Task(document, weight.Task));
            foreach (string frame in StackNames.RootFirst(document, weight.Stack))
                Append(line.Append(';'), frame);
            string key = line.ToString();
            lines[key] = lines.GetValueOrDefault(key) + weight.LostNs;
        }

        var text = new StringBuilder();
        foreach (var (stack, ns) in lines)
            text.Append(stack).Append(' ').Append(Math.Max(1, ns / 1000)).Append('\n');

        // readers take "name number" lines only, so what was cut is a line of its own
        long cut = document.Losses.SlowPollsCut + document.Losses.StacksCut;
        if (cut > 0)
            text.Append("[hud: ").Append(cut).Append(" polls or stacks cut] 1\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>The two characters that have a meaning in this format are replaced; so are line ends.</summary>
    private static void Append(StringBuilder line, string name)
    {
        foreach (char c in name)
            line.Append(
                c switch
                {
                    ';' => ':',
                    _ when char.IsControl(c) => '?',
                    _ => c,
                }
            );
    }
}
