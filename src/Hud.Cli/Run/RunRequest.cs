using Hud.Cli.Local;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Metrics.Http;

namespace Hud.Cli.Run;

internal enum OutputKind
{
    Text,
    Json,
    Yaml,
    Stream,
}

/// <summary>One local run, fully decided: nothing below asks the command line again.</summary>
internal sealed record RunRequest
{
    public required ProfilingSessionSpec Session { get; init; }
    public required ProcessQuery Process { get; init; }
    public AgentOptions Options { get; init; } = new();
    public OutputKind Output { get; init; }
    public IReadOnlyList<ExportFile> Exports { get; init; } = [];
    public bool Quiet { get; init; }
    public bool Headless { get; init; }
    public bool Verbose { get; init; }

    /// <summary>Where metrics are served during the run; null for none.</summary>
    public ListenAddress? Metrics { get; init; }

    /// <summary>The run goes on when the process ends, with the next one of the same name or executable.</summary>
    public bool Follow { get; init; }

    /// <summary>The words that start the same run, such as "hud my-service": for the advice at its end.</summary>
    public string Again { get; init; } = "hud";

    /// <summary>The session file, when the run was one.</summary>
    public string? File { get; init; }

    /// <summary>What the cockpit looks back over; zero means since the start.</summary>
    public TimeSpan Window { get; init; }
}

/// <param name="Format">Its name, for the line that says what was written.</param>
internal sealed record ExportFile(string Path, string Format, Func<ProfileDocument, byte[]> Render);
