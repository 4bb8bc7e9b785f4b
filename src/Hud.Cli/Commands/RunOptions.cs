using System.CommandLine;
using Hud.Cli.Run;
using Hud.Core.Api;
using Hud.Core.Diagnostics;
using Hud.Core.Stream;
using Hud.Metrics.Http;

namespace Hud.Cli.Commands;

/// <summary>The options that every way to run shares, and how they become a request.</summary>
internal sealed class RunOptions
{
    private static readonly GoDuration DefaultLookBack = GoDuration.Parse("2m");

    /// <summary>The live model keeps a sample of each second for so long.</summary>
    private static readonly TimeSpan MaxWindow = TimeSpan.FromSeconds(Cockpit.LiveModel.MaxSamples);

    public Option<bool> Headless { get; } =
        new("--headless") { Description = "No cockpit: progress on stderr, the report at the end" };

    public Option<string[]> Export { get; } =
        new("--export")
        {
            Description = $"Also write a file; the ending says which ({ExportFormats.Extensions})",
            HelpName = "file",
        };

    public Option<bool> Quiet { get; } = new("--quiet", "-q") { Description = "No progress, only the report" };

    public Option<string?> Output { get; } =
        FlagValues
            .Choice("--output", "-o", "text", "json", "yaml", "stream")
            .With("The report as text, json or yaml, or the agent's stream [default: text]");

    public Option<GoDuration?> Window { get; } =
        FlagValues.Duration("--window").With("time", "What the cockpit looks back over; 0 is since the start");

    public Option<GoDuration?> LookBack { get; } =
        FlagValues
            .Duration("--look-back")
            .With(
                "time",
                "How much of the past the key x, or SIGUSR1 to hud, saves while the run goes on: 10s to 30m, 0 for none [default: 2m]"
            );

    public Option<ListenAddress?> Metrics { get; } =
        FlagValues
            .Address("--metrics")
            .With(
                "address",
                "Serve metrics for Prometheus: 127.0.0.1:9464, or :9464 for every address of this machine"
            );

    public Option<bool> Follow { get; } =
        new("--follow") { Description = "Go on when the process ends: wait for the next one of that name" };

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
    private readonly Option<string?> _forceProbeMode = new("--force-probe-mode") { Hidden = true };
    private readonly Option<int?> _forceLevel = FlagValues.Whole("--force-level", "1").Hide();
    private readonly Option<int?> _ringKib = FlagValues.Whole("--ring-kib", "64").Hide();
    private readonly Option<bool> _pretendUnsafe = new("--pretend-seccomp-unsafe") { Hidden = true };

    public void AddTo(Command command)
    {
        Option[] all =
        [
            Headless,
            Follow,
            Export,
            Quiet,
            Output,
            Window,
            LookBack,
            Metrics,
            Verbose,
            DebugDir,
            Debuginfod,
            _forceProbeMode,
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
            Output = KindOf(parsed.GetValue(Output)),
            Quiet = parsed.GetValue(Quiet),
            Headless = parsed.GetValue(Headless),
            Follow = parsed.GetValue(Follow),
            Verbose = parsed.GetValue(Verbose),
            Metrics = parsed.GetValue(Metrics),
            Window =
                (parsed.GetValue(Window) ?? default).ToTimeSpan() is var window && window <= MaxWindow
                    ? window
                    : throw Bad(
                        DiagnosticKinds.OutOfRange,
                        $"--window {parsed.GetValue(Window)}: the cockpit looks back over 30m at most",
                        "leave it out to see everything since the start"
                    ),
            Exports = [.. (parsed.GetValue(Export) ?? []).Select(ToExport)],
            Options = new AgentOptions
            {
                ForceProbeMode = parsed.GetValue(_forceProbeMode),
                ForceLevel = parsed.GetValue(_forceLevel),
                RingBufferKiB = parsed.GetValue(_ringKib),
                PretendSeccompUnsafe = parsed.GetValue(_pretendUnsafe),
                LookBack = ToLookBack(parsed.GetValue(LookBack)),
                Metrics = parsed.GetValue(Metrics) is not null,
                DebugDirectories = [.. (parsed.GetValue(DebugDir) ?? []).Select(ToFolder)],
                DebuginfodUrls = [.. (parsed.GetValue(Debuginfod) ?? []).Select(ToServer)],
            },
        };

    /// <summary>On unless it is turned off: when it is wanted it is too late to ask for it.</summary>
    private static GoDuration? ToLookBack(GoDuration? written)
    {
        if (written is not { } length)
            return DefaultLookBack;
        if (length.Nanoseconds == 0)
            return null;
        return length >= SessionBounds.MinLookBack && length <= SessionBounds.MaxLookBack
            ? length
            : throw Bad(
                DiagnosticKinds.OutOfRange,
                $"--look-back {length}: from {SessionBounds.MinLookBack} to {SessionBounds.MaxLookBack} can be kept",
                "leave it out to keep 2m, or write 0 to keep nothing"
            );
    }

    private static ExportFile ToExport(string path) =>
        ExportFormats.For(path) ?? throw ExportFormats.Unknown(path, "--export ");

    /// <summary>Without this a typo means a whole run without names.</summary>
    private static string ToFolder(string path) =>
        Directory.Exists(path)
            ? path
            : throw Bad(
                DiagnosticKinds.BadUsage,
                File.Exists(path)
                    ? $"--debug-dir {FlagValues.Shown(path)}: this is a file, and a folder is wanted"
                    : $"--debug-dir {FlagValues.Shown(path)}: there is no such folder",
                "name the folder that holds the debug files, such as /usr/lib/debug"
            );

    public static OutputKind KindOf(string? output) =>
        output switch
        {
            "json" => OutputKind.Json,
            "yaml" => OutputKind.Yaml,
            "stream" => OutputKind.Stream,
            _ => OutputKind.Text,
        };

    /// <summary>libdebuginfod takes a list with spaces between, so none may be inside.</summary>
    private static string ToServer(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var server)
        && server.Scheme is "http" or "https"
        && !url.Any(char.IsWhiteSpace)
            ? url
            : throw Bad(
                DiagnosticKinds.BadUsage,
                $"--debuginfod: \"{FlagValues.Shown(url)}\" is not the address of a server",
                "write it like https://debuginfod.example.org, once for each server"
            );

    private static DiagnosticException Bad(DiagnosticKind kind, string message, string next) =>
        new(new(kind, message, next));
}
