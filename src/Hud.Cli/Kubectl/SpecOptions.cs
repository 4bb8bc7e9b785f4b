using System.CommandLine;
using Hud.Cli.Commands;
using Hud.Core.Api;

namespace Hud.Cli.Kubectl;

/// <summary>The specification of a session as arguments and options: what to profile, how, and what counts as a failure.</summary>
internal sealed class SpecOptions
{
    private readonly Argument<string?> _target = new("TYPE/NAME")
    {
        Description = "deploy, sts, ds, rs, job, cronjob or pod, and its name",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<string?> _selector = new("--selector", "-l")
    {
        Description = "Pods by label instead, like app=checkout",
        HelpName = "labels",
    };
    private readonly Option<GoDuration?> _duration = FlagValues
        .Duration("--duration", "-d")
        .With("time", "How long: 30, 1m30s [default: 60s]");
    private readonly Option<GoDuration?> _threshold = FlagValues
        .Milliseconds("--threshold")
        .With("time", "A poll that takes longer blocks its worker: 5ms, 500us [default: 5ms]");
    private readonly Option<string?> _container = new("--container", "-c")
    {
        Description = "Container, where a pod has several",
        HelpName = "name",
    };
    private readonly Option<string?> _process = new("--process")
    {
        Description = "Process, where a container has several",
        HelpName = "name",
    };
    private readonly Option<int?> _pods = FlagValues
        .Whole("--max-pods", "5")
        .With("number", "Maximum number of pods [default: 5]");
    private readonly Option<GoDuration?> _maxPoll = FlagValues
        .Milliseconds("--expect-max-poll")
        .With("time", "Exit with 6 when a poll took longer, like 50ms");
    private readonly Option<double?> _maxBlocked = FlagValues
        .Number("--expect-max-blocked", "1")
        .With("percent", "Exit with 6 when more than this share of worker time is lost");

    public void AddTo(Command command)
    {
        command.Arguments.Add(_target);
        foreach (
            var option in (Option[])
                [_selector, _duration, _threshold, _container, _process, _pods, _maxPoll, _maxBlocked]
        )
            command.Options.Add(option);
    }

    /// <exception cref="Hud.Core.Diagnostics.DiagnosticException">The target is not one that Hud knows.</exception>
    public ProfilingSessionSpec Spec(ParseResult parsed)
    {
        var defaults = new ProfilingSessionSpec();
        var (maxPoll, maxBlocked) = (parsed.GetValue(_maxPoll), parsed.GetValue(_maxBlocked));
        return new ProfilingSessionSpec
        {
            Target = TargetArgument.Parse(parsed.GetValue(_target), parsed.GetValue(_selector)) with
            {
                ContainerName = parsed.GetValue(_container),
                ProcessName = parsed.GetValue(_process),
                MaxPods = parsed.GetValue(_pods) ?? new TargetSpec().MaxPods,
            },
            Duration = parsed.GetValue(_duration) ?? defaults.Duration,
            Threshold = parsed.GetValue(_threshold) ?? defaults.Threshold,
            Output = new OutputSpec { Formats = [OutputFormat.Report, OutputFormat.Page] },
            Expect =
                maxPoll is null && maxBlocked is null
                    ? null
                    : new ExpectSpec { MaxPoll = maxPoll, MaxBlockedPercent = maxBlocked },
        };
    }
}
