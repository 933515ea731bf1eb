using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace REHRSeg.Tests;

/// <summary>
/// Which methods of an assembly, read from its IL, make objects of a class of a library: by a conversion of their own or inside a method of that library.
/// Calls are followed as they are written, not into overrides.
/// </summary>
sealed class ScalarCallGraph
{
    const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
    static readonly Dictionary<short, OpCode> s_opCodes = typeof(OpCodes).GetFields().Select(f => (OpCode)f.GetValue(null)!).ToDictionary(o => o.Value);
    readonly HashSet<MethodBase> _makers;

    /// <param name="scalar">The class; its assembly is the library.</param>
    public ScalarCallGraph(Type scalar)
    {
        _makers = [.. scalar.GetConstructors(All)];
        var callers = Methods(scalar.Assembly).SelectMany(m => Calls(m).Select(callee => (Caller: m, Callee: callee))).ToLookup(c => c.Callee, c => c.Caller);
        var open = new Stack<MethodBase>(_makers);
        while (open.TryPop(out var method))
            foreach (var caller in callers[method])
                if (_makers.Add(caller)) open.Push(caller);
    }

    /// <summary>One entry for each such call in <paramref name="assembly"/>.</summary>
    public IEnumerable<(MethodBase Caller, MethodBase Callee)> Of(Assembly assembly) => Methods(assembly).SelectMany(Of);

    /// <summary>Such calls in one method.</summary>
    public IEnumerable<(MethodBase Caller, MethodBase Callee)> Of(MethodBase method) => Calls(method).Where(_makers.Contains).Select(callee => (method, callee));

    static IEnumerable<MethodBase> Methods(Assembly assembly) => assembly.GetTypes().SelectMany(t => t.GetMethods(All).Concat<MethodBase>(t.GetConstructors(All)));

    static IEnumerable<MethodBase> Calls(MethodBase method)
    {
        byte[] il = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        Type[]? ofType = method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null, ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (int i = 0; i < il.Length;)
        {
            var code = s_opCodes[il[i] == 0xFE ? BitConverter.ToInt16([il[i + 1], il[i]]) : il[i]];
            i += code.Size;
            if (code.OperandType == OperandType.InlineMethod)
            {
                var callee = method.Module.ResolveMethod(BitConverter.ToInt32(il, i), ofType, ofMethod)!;
                yield return Definition(callee);
                // An iterator's or async method's body lies in a class of its own.
                if (code == OpCodes.Newobj && callee.DeclaringType is { } type && type.IsDefined(typeof(CompilerGeneratedAttribute)) && type.GetMethod("MoveNext", All) is { } body) yield return Definition(body);
            }
            i += code.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(il, i),
                _ => 4,
            };
        }
    }

    // Without type arguments, so that all uses of a generic method are one.
    static MethodBase Definition(MethodBase method) => method.DeclaringType is { IsArray: true } ? method : method.Module.ResolveMethod(method.MetadataToken)!;
}
