using System.CommandLine;
using Hud.Analysis;
using Hud.Cli.Run;
using Hud.Core;
using Hud.Core.Diagnostics;
using Hud.Reports.Text;

namespace Hud.Cli.Commands;

/// <summary><c>hud merge eu=a.json us=b.json -o all.json</c>: saved reports as one.</summary>
internal static class MergeVerb
{
    /// <summary>More than clusters have; what they hold is in memory at once.</summary>
    private const int MaxFiles = 200;

    private const int MaxCluster = 63;

    public static Command Build()
    {
        var files = new Argument<string[]>("FILE")
        {
            Description =
                "Reports as JSON, from --export report.json or kubectl hud export; NAME=FILE calls its pods after a cluster; - reads stdin",
            Arity = ArgumentArity.OneOrMore,
        };
        var output = new Option<string?>("--output", "-o")
        {
            Description =
                $"Write it here; the ending says the format ({ExportFormats.Extensions}) [default: JSON on stdout]",
            HelpName = "file",
        };
        var command = new Command("merge", "Merge saved reports, also of several clusters, into one") { files, output };
        command.Validators.Add(result =>
        {
            string[] named = result.GetValue(files) ?? [];
            if (named.Count(f => PathOf(f).Path == "-") > 1)
                result.AddError("two FILEs are \"-\", and stdin can be read only once; name a file for one");
            if (named.Length > MaxFiles)
                result.AddError($"{named.Length} files are more than {MaxFiles}; merge some of them first");
        });
        command.SetAction(parsed => Merge(parsed.GetValue(files)!, parsed.GetValue(output)));
        return command;
    }

    private static int Merge(string[] files, string? output)
    {
        var export = output is null
            ? null
            : ExportFormats.For(output) ?? throw ExportFormats.Unknown(output, "--output ");
        if (export is not null)
            ExportFormats.CheckPlaces([export], "--output ");
        var parts = files
            .Select(PathOf)
            .Select(f => new ReportPart(
                f.Path == "-" ? "stdin" : FlagValues.Shown(f.Path),
                f.Cluster,
                ReportFile.Load(f.Path)
            ))
            .ToList();
        if (ReportMerge.Problem(parts) is { } problem)
            throw new DiagnosticException(
                new(DiagnosticKinds.BadUsage, Printable.Clean(problem.Why), Printable.Clean(problem.Next))
            );
        if (!ReportMerge.AreAtOnce(parts))
            Console.Error.WriteLine(
                "hud: the runs were at different times; the merged timeline shows them as if they had begun together"
            );
        var merged = ReportMerge.Merge(parts);
        if (export is null)
            Console.Out.Write(DataText.Render(merged, HudJson.Indented.ProfileDocument, DataText.Json));
        else
            File.WriteAllBytes(export.Path, export.Render(merged));
        return 0;
    }

    /// <summary>A file whose own name has a "=" is meant where there is one.</summary>
    private static (string? Cluster, string Path) PathOf(string written)
    {
        int at = written.IndexOf('=', StringComparison.Ordinal);
        return
            at is > 0 and <= MaxCluster
            && written.AsSpan(0, at).IndexOfAnyExcept(Names) < 0
            && at + 1 < written.Length
            && !File.Exists(written)
            ? (written[..at], written[(at + 1)..])
            : (null, written);
    }

    private static readonly System.Buffers.SearchValues<char> Names = System.Buffers.SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
    );
}
