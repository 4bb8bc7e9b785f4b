using System.Globalization;
using System.Runtime.CompilerServices;

namespace Hud.Kubernetes;

/// <summary>One line of a container's log.</summary>
/// <param name="Cut">The stream ended inside it.</param>
public readonly record struct LogLine(ReadOnlyMemory<byte> Bytes, bool Cut);

public sealed partial class KubernetesClient
{
    /// <summary>
    /// The log of a container from its start, or from a moment on, followed until the container ends. The bytes of a line are valid until the next one is asked for.
    /// Before the container runs the server answers 400, which comes out as <see cref="KubernetesException"/>.
    /// </summary>
    /// <param name="silence">A log that says nothing for so long is taken for a dead connection.</param>
    /// <param name="limitBytes">The server stops after so many.</param>
    /// <param name="since">By the clock of its node, in whole seconds; null: from the start.</param>
    public async IAsyncEnumerable<LogLine> FollowLogAsync(
        string ns,
        string pod,
        string container,
        int maxLineBytes,
        TimeSpan silence,
        long? limitBytes,
        DateTimeOffset? since,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        var path =
            EntityTypes.Pods.Path(ns, pod, "log")
            + Query(
                null,
                ("container", container),
                ("follow", "true"),
                ("limitBytes", limitBytes?.ToString(CultureInfo.InvariantCulture)),
                ("sinceTime", since?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture))
            );
        await using var lines = await OpenLinesAsync($"LOG {ns}/{pod}", path, maxLineBytes, silence, cancel)
            .ConfigureAwait(false);
        while (await lines.NextAsync().ConfigureAwait(false) is { } line)
            yield return new LogLine(line, lines.LastLineCut);
    }
}
