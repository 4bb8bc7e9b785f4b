using System.Globalization;
using Hud.Core.Api;
using Hud.Operator.Reconcile;

namespace Hud.Operator.Alerts;

/// <summary>What a policy has to know of an alert that is its own. Whoever may send alerts writes all of it; texts are cut and safe to show.</summary>
/// <param name="Name">The label alertname.</param>
/// <param name="Pod">As the alert has it: a name of a pod, or nothing like one; null where the alert names none.</param>
public sealed record PendingAlert(
    string Name,
    string Fingerprint,
    DateTimeOffset StartsAt,
    string? Pod,
    string? Container
)
{
    public const int MaxNameLength = 128;

    /// <summary>The longest names of a pod and of a container.</summary>
    private const int MaxPodLength = 253;

    private const int MaxContainerLength = 63;

    /// <summary>The same alert that fires again after it was resolved is another incident.</summary>
    public string Incident { get; } = $"{Fingerprint}|{StartsAt.UtcTicks.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>How events speak of it.</summary>
    public string Described =>
        $"alert {(Name.Length > 0 ? Name : Fingerprint)}{(Pod is null ? "" : $" of pod {StatusSizeLimiter.Cut(Pod, 100)}")}";

    public static PendingAlert Of(AlertTriggerSpec spec, Alert alert) =>
        new(
            StatusSizeLimiter.Cut(SafeText.Clean(alert.Label("alertname")), MaxNameLength),
            alert.Fingerprint,
            alert.StartsAt,
            Named(alert, spec.PodLabel, MaxPodLength),
            spec.ContainerLabel is { } label ? Named(alert, label, MaxContainerLength) : null
        );

    /// <summary>With one character more than a name can have it stays too long to be one.</summary>
    private static string? Named(Alert alert, string label, int max) =>
        alert.Label(label) is { Length: > 0 } text
            ? SafeText.Clean(text.Length <= max ? text : text[..(max + 1)])
            : null;
}
