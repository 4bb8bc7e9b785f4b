namespace Hud.Cli.Session;

/// <summary>One thing wrong with a session file. <see cref="Field"/> is a path such as <c>spec.threshold</c>, or empty.</summary>
internal sealed record SessionFileError(int Line, int Column, string Field, string Message)
{
    public override string ToString() =>
        Field.Length == 0 ? $"line {Line}, column {Column}: {Message}" : $"line {Line}, {Field}: {Message}";
}

/// <summary>Everything wrong with a session file, in the order of its lines.</summary>
internal sealed class SessionFileException(IReadOnlyList<SessionFileError> errors)
    : Exception(string.Join('\n', errors))
{
    public IReadOnlyList<SessionFileError> Errors { get; } = errors;
}
