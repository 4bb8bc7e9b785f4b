namespace Hud.Operator.Alerts;

/// <summary>An alert that fires, as far as it is read, within the bounds of <see cref="AlertPayload"/>.</summary>
/// <param name="Fingerprint">Alertmanager's hash of the labels: letters and digits.</param>
public sealed record Alert(string Fingerprint, DateTimeOffset StartsAt, IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>As Alertmanager has it: empty where there is none.</summary>
    public string Label(string name) => Labels.GetValueOrDefault(name) ?? "";
}

/// <summary>What a request brought.</summary>
/// <param name="Malformed">Alerts that were left out, because a part of them is missing or beyond its bound.</param>
public sealed record AlertBatch(IReadOnlyList<Alert> Firing, int Resolved, int Malformed);
