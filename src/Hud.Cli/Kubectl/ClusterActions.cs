using System.Diagnostics;
using System.Runtime.InteropServices;
using Hud.Cli.Cockpit;
using Hud.Cli.Commands;
using Hud.Cli.Run;
using Hud.Core.Api;
using Hud.Core.Diagnostics;
using Hud.Core.Profile;
using Hud.Reports;
using Hud.Reports.Formats;
using Hud.Reports.Text;

namespace Hud.Cli.Kubectl;

/// <summary>What the verbs of the plugin do. <paramref name="operators"/> talks to the operator's namespace.</summary>
internal sealed class ClusterActions(KubectlClient kubectl, KubectlClient operators)
{
    /// <summary>128 + SIGINT, as shells have it.</summary>
    private const int InterruptedExit = 130;

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private readonly SessionStore _store = new(kubectl);

    /// <param name="output">json or yaml prints the session instead of its report.</param>
    public int Run(ProfilingSessionSpec spec, string? name, bool wait, string? output)
    {
        var failures = new SessionValidator(SessionScope.Cluster).Validate(spec).Errors;
        if (failures.Count > 0)
            throw new DiagnosticException(
                new(
                    DiagnosticKinds.OutOfRange,
                    string.Join(
                        "\n  ",
                        failures.Select(f =>
                            Refusal(spec, f.PropertyName, FlagValues.Rule(f.PropertyName, f.ErrorMessage))
                        )
                    ),
                    "change the value; kubectl hud run --help shows the units"
                )
            );
        string target =
            spec.Target.PodName
            ?? spec.Target.WorkloadRef?.Name
            ?? spec.Target.PodSelector!.MatchLabels!.Values.First();
        var session = _store.Create(spec, name, $"hud-{Prefix(target)}-");
        Console.Error.WriteLine($"hud: session {session.Metadata.Name} made");
        return wait ? Watch(session.Metadata.Name, output)
            : output is null ? 0
            : Describe(session.Metadata.Name, output);
    }

    /// <summary>The cockpit when the agents' logs may be read, else lines; then the report and the exit code.</summary>
    /// <param name="output">json or yaml: lines on stderr, and the finished session on stdout.</param>
    public int Watch(string name, string? output)
    {
        var session = _store.Get(name);
        string last = "";
        bool cockpitDone = false;
        var limit =
            session.Spec.StartDeadline.ToTimeSpan() + session.Spec.Duration.ToTimeSpan() + TimeSpan.FromMinutes(5);
        for (var watch = Stopwatch.StartNew(); !SessionStore.IsFinished(session); session = _store.Get(name))
        {
            if (watch.Elapsed > limit)
                throw new DiagnosticException(
                    new(
                        DiagnosticKinds.SessionFailed,
                        $"session {name} is still not finished",
                        $"kubectl hud doctor {name} says why"
                    )
                );
            if (
                session.Status?.Phase == SessionPhase.Profiling
                && !cockpitDone
                && output is null
                && Terminal.CanShowCockpit
            )
            {
                cockpitDone = true;
                var followed = FollowAgents(session);
                if (followed == Followed.Interrupted)
                {
                    Console.Error.WriteLine(
                        $"hud: session {name} goes on in the cluster; kubectl hud watch {name}{kubectl.Flags} follows it again"
                    );
                    return InterruptedExit;
                }

                if (followed == Followed.ToItsEnd)
                    continue;
            }

            string line = Progress(session);
            if (line != last)
                Console.Error.WriteLine(last = line);
            Thread.Sleep(Poll);
        }

        if (output is not null)
        {
            Describe(name, output);
            return ExitCode(session);
        }

        var (report, unreadable) = Print(session);
        bool isReported = unreadable is not null && !SessionStore.Is(session, "Failed");
        if (isReported)
            Console.Error.WriteLine(unreadable);
        int exit = ExitCode(session);
        int width = Terminal.ErrorIsTerminal ? Math.Max(80, Terminal.Width) : Closing.DefaultWidth;
        if (report is not null)
            Console.Error.Write(Closing.Text(report, Next(session, report), width));
        else if (isReported && session.Status?.Verdict is { Length: > 0 })
            Console.Error.Write(
                Closing.Text(
                    session.Status,
                    $"kubectl hud open {name}{kubectl.Flags}    # once its report can be read",
                    width
                )
            );
        return exit;
    }

    public int Get(bool all, string? output)
    {
        if (output is not null)
            return PassThrough(
                all ? ["get", SessionStore.Resource, "-A", "-o", output] : ["get", SessionStore.Resource, "-o", output]
            );
        Console.Out.Write(SessionText.Table(_store.List(all), all, DateTimeOffset.UtcNow, TextReport.DefaultWidth));
        return 0;
    }

    /// <param name="output">json or yaml: the rows, with the whole verdicts.</param>
    public int Top(bool all, string? selector, string? output)
    {
        var rows = FleetRow.Of(_store.List(all, selector));
        Console.Out.Write(
            output is null
                ? FleetText.Table(rows, all, DateTimeOffset.UtcNow, TableWidth, Terminal.Color)
                : DataText.Render(rows, ReportsJson.Default.IReadOnlyListFleetRow, output)
        );
        return 0;
    }

    /// <param name="output">json or yaml: the rows, with the whole verdicts.</param>
    public int Policies(bool all, string? selector, string? output)
    {
        var rows = _store.Policies(all, selector);
        Console.Out.Write(
            output is null
                ? PolicyText.Table(rows, all, DateTimeOffset.UtcNow, TableWidth, Terminal.Color)
                : DataText.Render(rows, ReportsJson.Default.IReadOnlyListPolicyRow, output)
        );
        return 0;
    }

    private static int TableWidth =>
        Terminal.OutputIsTerminal ? Math.Min(Terminal.Width, 200) : TextReport.DefaultWidth;

    public int Describe(string name, string? output)
    {
        if (output is not null)
            return PassThrough(["get", SessionStore.Resource, name, "-o", output]);
        Print(_store.Get(name));
        return 0;
    }

    public ProfileDocument Report(string name) => _store.Report(_store.Get(name));

    public int Open(string name, string? save)
    {
        if (save is not null)
            ExportFormats.CheckPlace(save, "--save ");
        var session = _store.Get(name);
        byte[] page =
            _store.Result(session, OutputFormat.Page)
            ?? ReportFormats.Render(OutputFormat.Page, _store.Report(session));
        // a folder of its own: no other user may read a page
        string path = save ?? Path.Combine(Directory.CreateTempSubdirectory("hud-").FullName, $"{Prefix(name)}.html");
        File.WriteAllBytes(path, page);
        Console.Out.WriteLine(path);
        if (save is null)
            Browse(path);
        return 0;
    }

    public int Export(string name, string[] files)
    {
        var exports = files.Select(f => ExportFormats.For(f) ?? throw ExportFormats.Unknown(f, "")).ToList();
        ExportFormats.CheckPlaces(exports, "");
        var document = Report(name);
        foreach (var export in exports)
        {
            File.WriteAllBytes(export.Path, export.Render(document));
            Console.Error.WriteLine($"hud: wrote {export.Path} ({export.Format})");
        }

        return 0;
    }

    private int PassThrough(string[] arguments)
    {
        using var output = Console.OpenStandardOutput();
        output.Write(kubectl.Run(arguments));
        return 0;
    }

    private string Next(ProfilingSession session, ProfileDocument report) =>
        NextCommand.IsBelowThreshold(report)
        && NextCommand.LowerThreshold(report) is { } lower
        && TargetArgument.Words(session.Spec.Target) is { } target
            ? $"kubectl hud run {target}{kubectl.Flags} --threshold {lower}    # shows which polls are too many"
            : $"kubectl hud open {session.Metadata.Name}{kubectl.Flags}    # the page, with stacks and the timeline";

    /// <summary>The whole report when it may be read, else what the status holds of it, and why.</summary>
    private (ProfileDocument? Report, Diagnostic? Unreadable) Print(ProfilingSession session)
    {
        try
        {
            var report = _store.Report(session);
            Console.Out.Write(TextReport.Render(report, TextReport.DefaultWidth, Terminal.Color));
            return (report, null);
        }
        catch (DiagnosticException e) when (e.Diagnostic.Kind == DiagnosticKinds.NoReport)
        {
            Console.Out.Write(SessionText.Describe(session, TextReport.DefaultWidth, Terminal.Color));
            return (null, e.Diagnostic);
        }
    }

    private static int ExitCode(ProfilingSession session)
    {
        if (SessionStore.Is(session, "Failed"))
        {
            var failed = SessionStore.Find(session, "Failed")!;
            Console.Error.WriteLine(
                new Diagnostic(
                    DiagnosticKinds.SessionFailed,
                    $"{failed.Reason}: {Printable.Clean(failed.Message)}",
                    $"kubectl hud doctor {session.Metadata.Name} shows every condition"
                )
            );
            return failed.Reason switch
            {
                TargetReasons.NoTokioRuntime => DiagnosticKinds.NotTokio.ExitCode,
                TargetReasons.KernelUnsupported => DiagnosticKinds.KernelTooOld.ExitCode,
                _ => DiagnosticKinds.SessionFailed.ExitCode,
            };
        }

        if (SessionStore.Find(session, "ExpectationsMet") is { Status: "False" } unmet)
        {
            Console.Error.WriteLine(
                new Diagnostic(
                    DiagnosticKinds.ExpectationsNotMet,
                    $"{unmet.Reason}: {Printable.Clean(unmet.Message)}",
                    Closing.ToMeetExpectations(session.Status!)
                )
            );
            return DiagnosticKinds.ExpectationsNotMet.ExitCode;
        }

        // of many targets the status lists some
        if (
            session.Status?.Targets is { Count: > 0 } targets
            && targets.All(t => t.Polls + t.SlowPolls == 0)
            && !(session.Status.Summary is { } all && all.Polls + all.SlowPolls > 0)
        )
        {
            Console.Error.WriteLine(
                new Diagnostic(
                    DiagnosticKinds.Idle,
                    $"{targets[0].Pod}: {Printable.Clean(targets[0].Message)}",
                    "send it some load while Hud watches; this does not mean all is well"
                )
            );
            return DiagnosticKinds.Idle.ExitCode;
        }

        return 0;
    }

    private enum Followed
    {
        /// <summary>The logs may not be read: the status has to do.</summary>
        NotAtAll,
        ToItsEnd,
        Interrupted,
    }

    private Followed FollowAgents(ProfilingSession session)
    {
        var answer = operators.Try(["get", "pods", "-l", $"hud.dev/session-uid={session.Metadata.Uid}", "-o", "name"]);
        string[] pods = answer.Exit == 0 ? answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries) : [];
        if (pods.Length == 0)
            return Followed.NotAtAll;
        using var logs = new AgentLogs(operators, pods);
        // without a handler a signal would leave the terminal on the cockpit's screen
        int signals = 0;
        var stop = (PosixSignalContext context) =>
        {
            context.Cancel = true;
            Interlocked.Increment(ref signals);
            logs.Stop();
        };
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, stop);
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, stop);
        using var view = new CockpitView(
            new UiState(),
            session.Metadata.Name,
            model => LiveExport.Write(model, [], session.Metadata.Name)
        );
        view.Quit = logs.Stop;
        var merge = new LiveMerge(pods.Length);
        logs.Follow(
            (agent, message) =>
            {
                foreach (var shown in merge.Accept(agent, message))
                    view.Show(shown);
            }
        );
        return Volatile.Read(ref signals) > 0 ? Followed.Interrupted : Followed.ToItsEnd;
    }

    /// <summary>The flag and its value as it was understood, then the rule.</summary>
    private static string Refusal(ProfilingSessionSpec spec, string field, string rule) =>
        field switch
        {
            "spec.duration" => $"--duration {spec.Duration}: {rule}",
            "spec.threshold" => $"--threshold {spec.Threshold}: {rule}",
            "spec.target.maxPods" => $"--max-pods {spec.Target.MaxPods}: {rule}",
            "spec.target.containerName" => $"--container {FlagValues.Shown(spec.Target.ContainerName ?? "")}: {rule}",
            "spec.target.processName" => $"--process {FlagValues.Shown(spec.Target.ProcessName ?? "")}: {rule}",
            "spec.target.podName" => $"pod/{FlagValues.Shown(spec.Target.PodName ?? "")}: {rule}",
            "spec.target.workloadRef.name" => $"\"{FlagValues.Shown(spec.Target.WorkloadRef?.Name ?? "")}\": {rule}",
            "spec.expect.maxPoll" => $"--expect-max-poll {spec.Expect?.MaxPoll}: {rule}",
            "spec.expect.maxBlockedPercent" => $"--expect-max-blocked {spec.Expect?.MaxBlockedPercent}: {rule}",
            _ => rule,
        };

    private static string Progress(ProfilingSession session)
    {
        var status = session.Status;
        string verdict = status?.Verdict is { Length: > 0 } v ? ": " + Printable.Clean(v) : "";
        string waiting =
            status?.Conditions.FirstOrDefault(c => c.Type == "Reconciling") is { Message.Length: > 0 } c
            && verdict.Length == 0
                ? ": " + Printable.Clean(c.Message)
                : "";
        return Printable.Fit(
            $"hud: {status?.Phase ?? SessionPhase.Pending} {status?.TargetsReady}{verdict}{waiting}",
            160
        );
    }

    private static void Browse(string path)
    {
        string? browser =
            Environment.GetEnvironmentVariable("BROWSER") is { Length: > 0 } named ? named
            : Environment.GetEnvironmentVariable("DISPLAY") is { Length: > 0 }
            || Environment.GetEnvironmentVariable("WAYLAND_DISPLAY") is { Length: > 0 }
                ? "xdg-open"
            : null;
        if (browser is null)
            return;
        try
        {
            Process.Start(new ProcessStartInfo(browser, [path]) { UseShellExecute = false })?.Dispose();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            Console.Error.WriteLine($"hud: {browser} cannot be started ({e.Message}); open the file yourself");
        }
    }

    /// <summary>What may stand in a name: lower-case letters, digits and '-', at most 40 of them.</summary>
    private static string Prefix(string name)
    {
        string clean = new([.. name.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')]);
        clean = (clean.Length > 40 ? clean[..40] : clean).Trim('-');
        return clean.Length > 0 ? clean : "session";
    }
}
