namespace Hud.Core.Stream;

/// <summary>
/// Asks for a part of a run that goes on, in the list of <see cref="AgentTask.LookBackFile"/>. Answered once, as soon as <see cref="Until"/> is past,
/// by <see cref="LookBackMessage"/>s that have <see cref="Id"/> as their <see cref="LookBackMessage.Request"/>.
/// </summary>
public sealed record LookBackRequest
{
    public const int MaxIdLength = 253;

    /// <summary>Entries of a list that are looked at: the first ones.</summary>
    public const int MaxRequests = 16;

    /// <summary>A longer list is none.</summary>
    public const int MaxListBytes = 16 * 1024;

    /// <summary>1 to <see cref="MaxIdLength"/> characters of printable ASCII without spaces: a session's UID, say.</summary>
    public string Id { get; set; } = "";

    /// <summary>Earlier than what is kept: the answer begins with what is kept, and says so.</summary>
    public DateTimeOffset From { get; set; }

    public DateTimeOffset Until { get; set; }
}
