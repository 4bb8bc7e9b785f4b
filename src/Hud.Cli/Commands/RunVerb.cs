using System.CommandLine;
using Hud.Cli.Local;
using Hud.Cli.Run;
using Hud.Cli.Session;
using Hud.Core.Api;
using Hud.Core.Diagnostics;

namespace Hud.Cli.Commands;

/// <summary><c>hud run -f session.yaml</c>: a ProfilingSession on this machine.</summary>
internal sealed class RunVerb
{
    private readonly Option<string> _file = new("--filename", "-f")
    {
        Description = "A ProfilingSession; - reads stdin",
        HelpName = "file",
        Required = true,
    };
    private readonly RunOptions _run = new();

    public Command Build()
    {
        var command = new Command("run", "Run a ProfilingSession file on this machine") { _file };
        _run.AddTo(command);
        command.SetAction(parsed =>
        {
            string file = parsed.GetValue(_file)!;
            var session = Load(file);
            return Runner.Run(
                _run.ToRequest(parsed, session.Spec, new ProcessQuery(session.Spec.Target.ProcessName, null, null)) with
                {
                    Again =
                        $"{NextCommand.Sudo}hud run -f {NextCommand.Word(file)}"
                        + (parsed.GetValue(_run.Follow) ? " --follow" : ""),
                    File = file,
                }
            );
        });
        return command;
    }

    private static ProfilingSession Load(string path)
    {
        try
        {
            return SessionFile.Parse(Read(path), SessionScope.Local);
        }
        catch (SessionFileException e)
        {
            throw Bad(
                $"{path} has {(e.Errors.Count == 1 ? "an error" : $"{e.Errors.Count} errors")}\n"
                    + string.Join('\n', e.Errors.Select(x => "  " + x)),
                "correct the lines named above"
            );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Bad($"{path} cannot be read: {FlagValues.Why(e)}", "check the path");
        }
    }

    private static string Read(string path)
    {
        using var reader = path == "-" ? Console.In : new StreamReader(path);
        char[] buffer = new char[YamlTree.MaxBytes + 1];
        int length = reader.ReadBlock(buffer);
        return new string(buffer, 0, length);
    }

    private static DiagnosticException Bad(string message, string next) =>
        new(new(DiagnosticKinds.BadSession, message, next));
}
