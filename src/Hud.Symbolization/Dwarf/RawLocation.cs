namespace Hud.Symbolization;

/// <summary>One function at an address as the file says it: names mangled, paths in full. <c>Linkage</c>: <c>Name</c> is a symbol.</summary>
public readonly record struct RawFrame(string Name, bool Linkage, string File, int Line, bool Inlined);

/// <summary>What debug information knows of an address. <c>Symbol</c> is from any symbol table, also a separate or compressed one.
/// <c>Frames</c>: innermost first; empty without debug information.</summary>
public sealed record RawLocation(string Symbol, string Directory, string Unit, IReadOnlyList<RawFrame> Frames)
{
    public static readonly RawLocation Nothing = new("", "", "", []);
}
