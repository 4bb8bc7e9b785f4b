using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Hud.Cli.Run;
using Hud.Core.Api;
using Hud.Core.Diagnostics;
using Hud.Core.Stream;

namespace Hud.Cli.Commands;

/// <summary>The options that every way to run shares, and how they become a request.</summary>
internal sealed class RunOptions
{
    public Option<bool> Headless { get; } =
        new("--headless") { Description = "No cockpit: progress on stderr, the report at the end" };

    public Option<string[]> Export { get; } =
        new("--export")
        {
            Description = $"Also write a file; the ending says which ({ExportFormats.Extensions})",
            HelpName = "file",
        };

    public Option<bool> Quiet { get; } = new("--quiet", "-q") { Description = "No progress, only the report" };

    public Option<OutputKind> Output { get; } =
        new("--output", "-o")
        {
            Description = "What to print: the report as text, json or yaml, or the agent's stream",
            HelpName = "text|json|yaml|stream",
        };

    public Option<double> Window { get; } =
        new("--window") { Description = "Seconds the cockpit looks back; 0 is since the start", HelpName = "seconds" };

    public Option<bool> Verbose { get; } = new("--verbose") { Description = "Show the agent's own log on stderr" };

    public Option<string[]> DebugDir { get; } =
        new("--debug-dir") { Description = "A folder with separate debug files", HelpName = "folder" };

    public Option<string[]> Debuginfod { get; } =
        new("--debuginfod")
        {
            Description = "A server to ask for debug files by build id; none is asked otherwise",
            HelpName = "url",
        };

    // for tests, benchmarks and support; not for daily use
    private readonly Option<string?> _forceRung = new("--force-rung") { Hidden = true };
    private readonly Option<int?> _forceLevel = new("--force-level") { Hidden = true };
    private readonly Option<int?> _ringKib = new("--ring-kib") { Hidden = true };
    private readonly Option<bool> _pretendUnsafe = new("--pretend-seccomp-unsafe") { Hidden = true };

    public void AddTo(Command command)
    {
        Output.AcceptOnlyFromAmong("text", "json", "yaml", "stream");
        Option[] all =
        [
            Headless,
            Export,
            Quiet,
            Output,
            Window,
            Verbose,
            DebugDir,
            Debuginfod,
            _forceRung,
            _forceLevel,
            _ringKib,
            _pretendUnsafe,
        ];
        foreach (var option in all)
            command.Options.Add(option);
    }

    public RunRequest ToRequest(ParseResult parsed, ProfilingSessionSpec session, Local.ProcessQuery process) =>
        new()
        {
            Session = session,
            Process = process,
            Output = parsed.GetValue(Output),
            Quiet = parsed.GetValue(Quiet),
            Headless = parsed.GetValue(Headless),
            Verbose = parsed.GetValue(Verbose),
            Window = parsed.GetValue(Window) is >= 0 and <= 1800 and var window
                ? TimeSpan.FromSeconds(window)
                : throw Bad(
                    DiagnosticKinds.OutOfRange,
                    "--window must be from 0 to 1800 seconds",
                    "leave it out to see everything since the start"
                ),
            Exports = [.. (parsed.GetValue(Export) ?? []).Select(ToExport)],
            Options = new AgentOptions
            {
                ForceRung = parsed.GetValue(_forceRung),
                ForceLevel = parsed.GetValue(_forceLevel),
                RingBufferKiB = parsed.GetValue(_ringKib),
                PretendSeccompUnsafe = parsed.GetValue(_pretendUnsafe),
                DebugDirectories = parsed.GetValue(DebugDir) ?? [],
                DebuginfodUrls = [.. (parsed.GetValue(Debuginfod) ?? []).Select(ToServer)],
            },
        };

    private static ExportFile ToExport(string path) =>
        ExportFormats.For(path)
        ?? throw Bad(
            DiagnosticKinds.BadUsage,
            $"--export {path}: the ending says which format to write, and this one is unknown",
            $"use one of {ExportFormats.Extensions}"
        );

    /// <summary>libdebuginfod takes a list with spaces between, so none may be inside.</summary>
    private static string ToServer(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var server)
        && server.Scheme is "http" or "https"
        && !url.Any(char.IsWhiteSpace)
            ? url
            : throw Bad(
                DiagnosticKinds.BadUsage,
                $"--debuginfod: \"{url}\" is not the address of a server",
                "write it like https://debuginfod.example.org, once for each server"
            );

    private static DiagnosticException Bad(DiagnosticKind kind, string message, string next) =>
        new(new(kind, message, next));

    /// <summary>Seconds as a bare number, or a Go duration.</summary>
    public static GoDuration ParseDuration(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds)
        && seconds <= 1e9
            ? GoDuration.FromSeconds(seconds)
        : GoDuration.TryParse(text, out var duration) ? duration
        : throw Bad(
            DiagnosticKinds.BadUsage,
            $"--duration: \"{text}\" is not a duration",
            "write seconds (30) or a duration like 90s, 1m30s"
        );
}
