namespace Hud.Profiling.Symbols.Libdw;

/// <summary>The helper's side: reads requests until its input ends. Whatever a file does to libdw happens in this process.</summary>
public static class SymbolizerServer
{
    /// <summary>The hidden verb: <c>hud-agent --symbolizer</c>.</summary>
    public const string Verb = "--symbolizer";

    /// <summary>True when the program was started as the helper and has done its work: exit with 0 then.</summary>
    public static bool RunIfAsked(IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        if (arguments is not [Verb, ..])
        {
            return false;
        }

        using var input = Console.OpenStandardInput();
        using var output = Console.OpenStandardOutput();
        Run(input, output);
        return true;
    }

    public static void Run(Stream input, Stream output)
    {
        var files = new Dictionary<uint, (DwarfFile? File, string Error, long Used)>();
        long clock = 0;
        try
        {
            while (SymbolizerMessages.Receive(input) is { } message)
            {
                var request = SymbolizerMessages.ReadRequest(message);
                if (!files.TryGetValue(request.File, out var open))
                {
                    CloseOldest(files);
                    var file = Open(request, out var error);
                    open = (file, error, 0);
                }

                files[request.File] = open with { Used = ++clock };
                var locations = open.File is { } dwarf ? Array.ConvertAll(request.Addresses, dwarf.Find) : [];
                SymbolizerMessages.Send(output, SymbolizerMessages.Answer(new SymbolizerAnswer(open.Error, open.File?.HasDebugInfo ?? false, locations)));
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException or EndOfStreamException)
        {
            // the agent is gone or speaks another language: nobody is left to tell
        }

        foreach (var (file, _, _) in files.Values)
        {
            file?.Dispose();
        }
    }

    private static DwarfFile? Open(SymbolizerRequest request, out string error)
    {
        try
        {
            return DwarfFile.Open(request.Path, request.ShownPath, request.DebugPath, out error);
        }
        catch (DllNotFoundException)
        {
            error = $"{Interop.Libdw} is not installed";
            return null;
        }
    }

    private static void CloseOldest(Dictionary<uint, (DwarfFile? File, string Error, long Used)> files)
    {
        if (files.Count < DwarfLimits.MaxOpenFiles)
        {
            return;
        }

        var oldest = files.MinBy(f => f.Value.Used).Key;
        files[oldest].File?.Dispose();
        files.Remove(oldest);
    }
}
