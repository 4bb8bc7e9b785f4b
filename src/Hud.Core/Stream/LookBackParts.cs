using Hud.Core.Profile;

namespace Hud.Core.Stream;

/// <summary>What an agent said to a request for the last while of the run.</summary>
/// <param name="Document">Null when there is none.</param>
/// <param name="Problem">Then why, in one sentence; empty otherwise.</param>
/// <param name="Request">The <see cref="LookBackRequest.Id"/> that it answers; empty for one by SIGUSR1.</param>
public sealed record LookBackAnswer(ProfileDocument? Document, string Problem, string Request = "");

/// <summary>
/// Puts the answers to requests for the last while together, one at a time: the beginning of the next drops what is there of the one before, and no
/// more than one whole one waits to be taken. Nothing is opened before somebody asks for it.
/// </summary>
internal sealed class LookBackParts
{
    private readonly ProfileParts _parts = new();
    private int _number;
    private string _request = "";
    private bool _done;
    private byte[]? _whole;
    private string _problem = "";
    private string _answered = "";

    public void Accept(LookBackMessage message)
    {
        if (message.Number < _number || (message.Number == _number && _done))
            return;
        if (message.Number > _number)
        {
            _parts.Clear();
            (_number, _request, _done) = (message.Number, message.Request, false);
        }

        string problem =
            message.Refused.Length > 0
                ? message.Refused
                : _parts.Accept(message.Part, message.Parts, message.Sha256, message.Data);
        if (problem.Length == 0 && !_parts.Complete)
            return;
        _done = true;
        _whole = problem.Length == 0 ? _parts.Join(out problem) : null;
        (_problem, _answered) = (problem, _request);
        _parts.Clear();
    }

    public LookBackAnswer? Take()
    {
        if (_whole is null && _problem.Length == 0)
            return null;
        var (whole, problem) = (_whole, _problem);
        (_whole, _problem) = (null, "");
        return whole is null
            ? new LookBackAnswer(null, problem, _answered)
            : new LookBackAnswer(ProfilePack.Open(whole, out _, out string error), error, _answered);
    }
}
