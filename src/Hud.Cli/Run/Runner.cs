using Hud.Cli.Agent;
using Hud.Cli.Cockpit;
using Hud.Cli.Commands;
using Hud.Cli.Local;
using Hud.Cli.Serving;
using Hud.Core;
using Hud.Core.Api;
using Hud.Core.Diagnostics;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Reports.Text;

namespace Hud.Cli.Run;

/// <summary>A request from the process's name to the exit code.</summary>
internal static class Runner
{
    /// <exception cref="DiagnosticException">Nothing could be started.</exception>
    public static int Run(RunRequest request)
    {
        // what was typed is judged first: without the agent nothing runs, but a typo is a typo
        var (targets, follow, name) = Resolve(request);
        ExportFormats.CheckPlaces(request.Exports, "--export ");
        string agent = AgentLocator.Find();
        var unreachable = DebugServers.Unreachable(request.Options.DebuginfodUrls);
        foreach (var server in unreachable)
            Console.Error.WriteLine(server);
        var task = new AgentTask
        {
            Session = request.Session with
            {
                Target = request.Session.Target with { ProcessName = request.Session.Target.ProcessName ?? name },
            },
            Targets = targets,
            FollowName = follow,
            Node = Environment.MachineName,
            Options = request.Options,
        };

        RunOutcome outcome;
        var lookBacks = new LookBackFiles(request.Exports, FileName(name, targets), TimeProvider.System);
        bool isShown;
        Diagnostic? metricsLost = null;
        using var metrics = request.Metrics is { } address ? MetricsChild.Start(address) : null;
        if (metrics is not null && !request.Quiet)
            Console.Error.WriteLine($"hud: metrics at {metrics.Url}");
        using (var view = View(request, name, targets))
        using (var raw = request.Output == OutputKind.Stream ? Console.OpenStandardOutput() : null)
        {
            // the agent's log would tear the cockpit's picture
            var run = new LocalRun(
                task,
                view,
                request.Verbose && view is not CockpitView ? Console.Error.WriteLine : null,
                raw,
                lookBacks.Write,
                metrics,
                lost =>
                {
                    if (view is not CockpitView)
                    {
                        Console.Error.WriteLine(lost);
                        return;
                    }

                    metricsLost = lost; // said again once the cockpit is gone
                    view.Show(
                        new WarningMessage
                        {
                            Id = lost.Kind.Id,
                            Text = lost.Message,
                            NextStep = lost.NextStep,
                        }
                    );
                }
            );
            if (view is CockpitView cockpit)
            {
                cockpit.Quit = () => run.StopRequested();
                cockpit.LookBack = run.LookBackRequested;
            }

            outcome = run.Run(agent);
            isShown = view is ProgressView;
        }

        if (outcome.Profile is { } profile && unreachable.Count > 0)
            outcome = outcome with
            {
                Profile = profile with
                {
                    Warnings =
                    [
                        .. profile.Warnings,
                        .. unreachable.Select(d => new ProfileWarning(d.Kind.Id, d.Message, d.NextStep)),
                    ],
                },
            };
        if (metricsLost is not null)
            outcome = outcome with { Problems = [.. outcome.Problems, metricsLost] };
        Print(request, outcome);
        // a cockpit has gone with all its lines
        if (!isShown && (!request.Quiet || lookBacks.Failed))
        {
            foreach (string line in lookBacks.Said)
                Console.Error.WriteLine("hud: " + line);
        }

        return Finish(request, outcome);
    }

    /// <returns>The process, or what the processes are known by that are followed; and what to call it.</returns>
    private static (IReadOnlyList<AgentTarget> Targets, string? Follow, string Name) Resolve(RunRequest request)
    {
        var query = request.Process;
        if (query.Pid is { } id && ProcessTable.System.ThreadGroup(id) is { } group)
            query = query with { Pid = group };
        var all = ProcessTable.System.List();
        if (request.Follow)
        {
            string follow = ProcessResolver.FollowedName(query, all, Environment.ProcessId);
            return ([], follow, Path.GetFileName(follow));
        }

        var process = ProcessResolver.Resolve(
            query,
            all,
            Environment.ProcessId,
            // in a session file a verb cannot be meant
            request.File
                is null
                ? [.. CommandTree.Build().Subcommands.Select(c => c.Name)]
                : [],
            request.Quiet ? null : ProcessPicker.OnTerminal
        );
        return ([new AgentTarget { Pid = process.Pid }], null, process.Comm);
    }

    /// <summary>What files of the run are called that are written while it goes on.</summary>
    private static string FileName(string name, IReadOnlyList<AgentTarget> targets) =>
        targets is [{ Pid: { } pid }] ? $"{name}-{pid}" : name;

    private static IRunView View(RunRequest request, string name, IReadOnlyList<AgentTarget> targets)
    {
        if (request.Quiet)
            return new NoView();
        if (!request.Headless && request.Output == OutputKind.Text && Terminal.CanShowCockpit)
            return new CockpitView(
                new UiState { Window = request.Window, LooksBack = request.Options.LookBack is not null },
                targets is [{ Pid: { } pid }] ? $"{name} {pid}" : name,
                model => LiveExport.Write(model, request.Exports, FileName(name, targets))
            );
        return new ProgressView(Console.Error, Terminal.ErrorIsTerminal && !Terminal.IsDumb, () => Terminal.Width);
    }

    private static void Print(RunRequest request, RunOutcome outcome)
    {
        if (outcome.Profile is not { } profile)
            return;
        if (request.Output == OutputKind.Text)
            Console.Out.Write(
                TextReport.Render(
                    profile,
                    Math.Min(Terminal.OutputIsTerminal ? Terminal.Width : TextReport.DefaultWidth, 120),
                    Terminal.Color
                )
            );
        else if (request.Output is OutputKind.Json or OutputKind.Yaml)
            Console.Out.Write(
                DataText.Render(
                    profile,
                    HudJson.Indented.ProfileDocument,
                    request.Output == OutputKind.Yaml ? DataText.Yaml : DataText.Json
                )
            );
        Console.Out.Flush();
    }

    private static int Finish(RunRequest request, RunOutcome outcome)
    {
        foreach (var problem in outcome.Problems)
            Console.Error.WriteLine(problem);
        int exit = outcome.ExitCode;
        if (outcome.Profile is not { } profile)
            return exit;
        if (!TryExport(request, profile) && exit == 0)
            exit = DiagnosticKinds.BadUsage.ExitCode;
        if (Expectations.Judge(request.Session.Expect, profile) is { } judged)
        {
            if (judged.Met && !request.Quiet)
                Console.Error.WriteLine("hud: " + SafeText.CleanLines(judged.Message));
            else if (!judged.Met)
            {
                Console.Error.WriteLine(
                    new Diagnostic(
                        DiagnosticKinds.ExpectationsNotMet,
                        $"{judged.Reason}: {judged.Message}",
                        Closing.ToMeetExpectations(profile)
                    )
                );
                exit =
                    exit == 0 || exit == DiagnosticKinds.Idle.ExitCode
                        ? DiagnosticKinds.ExpectationsNotMet.ExitCode
                        : exit;
            }
        }

        if (!request.Quiet)
            Console.Error.Write(
                Closing.Text(
                    profile,
                    NextCommand.For(profile, [.. request.Exports.Select(e => e.Path)], request.Again, request.File),
                    Terminal.ErrorIsTerminal ? Math.Max(80, Terminal.Width) : Closing.DefaultWidth
                )
            );
        return exit;
    }

    private static bool TryExport(RunRequest request, ProfileDocument profile)
    {
        bool all = true;
        foreach (var export in request.Exports)
        {
            try
            {
                File.WriteAllBytes(export.Path, export.Render(profile));
                if (!request.Quiet)
                    Console.Error.WriteLine($"hud: wrote {export.Path} ({export.Format})");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                all = false;
                Console.Error.WriteLine(
                    new Diagnostic(
                        DiagnosticKinds.BadUsage,
                        $"cannot write {export.Path}: {e.Message}",
                        "name another file; -o json prints the whole report"
                    )
                );
            }
        }

        return all;
    }
}
