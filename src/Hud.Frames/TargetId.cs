namespace Hud.Frames;

/// <summary>A watched process, by its place among the targets of the run and of the report.</summary>
public readonly record struct TargetId(int Index);
