using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace System.Runtime.CompilerServices
{
    /// <summary>Lets the assembly that carries it use the internals of the named assembly. Known to the runtime by this name.</summary>
    [AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
    internal sealed class IgnoresAccessChecksToAttribute(string assemblyName) : Attribute
    {
        public string AssemblyName { get; } = assemblyName;
    }
}

namespace REHRSeg.Imaging
{
    /// <summary>
    /// The one place that touches ML.NET's internals: without them an own transformer cannot be saved, does not see the context behind
    /// <c>mlContext.Transforms</c>, its GPU settings or its cancellation. Beside this file only <c>[LoadableClass]</c> and the
    /// <see cref="ModelLoadContext"/> parameter of a transformer's <c>Create</c> name internal types. A test asks for each member.
    /// </summary>
    internal static class MlNetInternals
    {
        public static IHostEnvironment EnvironmentOf(TransformsCatalog catalog) => CatalogUtils.GetEnvironment(catalog);

        /// <summary>GpuDeviceId and FallbackToCpu of the context.</summary>
        public static (int? GpuDeviceId, bool FallbackToCpu) GpuSettings(IHostEnvironment env)
            => env is IHostEnvironmentInternal settings ? (settings.GpuDeviceId, settings.FallbackToCpu) : (null, true);

        /// <summary>True after MLContext.CancelExecution (AutoML's time limits).</summary>
        public static bool IsCanceled(IHostEnvironment env) => env is ICancelable { IsCanceled: true };

        /// <summary>Stops everything that runs in the context; it cannot be used again.</summary>
        public static void Cancel(MLContext context) => context.CancelExecution();

        /// <summary>Two sides of a split, as ML.NET's own splits give them.</summary>
        public static DataOperationsCatalog.TrainTestData TrainTest(IDataView train, IDataView test) => new(train, test);

        /// <summary>Members of a chain for one scope, those of chains within it included; null: not a chain.</summary>
        public static IReadOnlyList<ITransformer>? MembersOf(ITransformer model, TransformerScope scope) => model is ITransformerChainAccessor chain
            ? [.. chain.Transformers.Zip(chain.Scopes).Where(m => (m.Second & scope) != 0).SelectMany(m => MembersOf(m.First, scope) ?? [m.First])]
            : null;

        public static SchemaShape ShapeOf(DataViewSchema schema) => SchemaShape.Create(schema);

        public static SchemaShape.Column ScalarShape(string name, DataViewType type, SchemaShape? annotations = null)
            => new(name, SchemaShape.Column.VectorKind.Scalar, type, isKey: false, annotations);

        /// <summary>Writes the header that names the class to load, then returns the writer of the member's own fields.</summary>
        public static BinaryWriter BeginSave(ModelSaveContext context, ModelFormat format)
        {
            context.CheckAtModel();
            context.SetVersionInfo(VersionOf(format));
            return context.Writer;
        }

        /// <summary>Checks the header; returns the reader of the member's own fields.</summary>
        /// <exception cref="ModelFormatException">A later version wrote the member. ML.NET wraps it: it is the base exception of what <c>Model.Load</c> throws.</exception>
        public static BinaryReader BeginLoad(ModelLoadContext context, ModelFormat format)
        {
            if (context.Header.ModelVerReadable > format.Version)
                throw new ModelFormatException($"The saved model's member {format.LoaderSignature} has format version {Text(context.Header.ModelVerReadable)}; "
                    + $"this program reads up to {Text(format.Version)}. Update the REHRSeg packages.");
            context.CheckAtModel(VersionOf(format));
            return context.Reader;
        }

        /// <summary>The <see cref="ModelFormat.Version"/> that a member was written with.</summary>
        public static uint WrittenVersion(ModelLoadContext context) => context.Header.ModelVerWritten;

        /// <summary>Writes a file of its own beside the member's fields in the model zip.</summary>
        public static void SaveEntry(ModelSaveContext context, string name, Action<Stream> write)
            => context.SaveBinaryStream(name, writer =>
            {
                writer.Flush();
                write(writer.BaseStream);
            });

        /// <summary>Reads what <see cref="SaveEntry"/> wrote.</summary>
        /// <exception cref="ModelFormatException">The zip has no such entry.</exception>
        public static T LoadEntry<T>(ModelLoadContext context, string name, Func<Stream, T> read)
        {
            T? value = default;
            if (!context.TryLoadBinaryStream(name, reader => value = read(reader.BaseStream)))
                throw new ModelFormatException($"The saved model lacks its entry '{name}': the file is damaged. Save the model again.");
            return value!;
        }

        /// <summary>As above, without a result.</summary>
        public static void LoadEntry(ModelLoadContext context, string name, Action<Stream> read) => LoadEntry(context, name, stream =>
        {
            read(stream);
            return true;
        });

        static string Text(uint version) => FormattableString.Invariant($"{version >> 16}.{version & 0xFFFF}");

        static VersionInfo VersionOf(ModelFormat format) => new(format.Signature, format.Version, format.Version, 0x00010001, format.Assembly.FullName, format.LoaderSignature);
    }

    /// <summary>How a transformer is marked in a model file.</summary>
    /// <param name="Signature">Exactly 8 characters.</param>
    /// <param name="LoaderSignature">At most 24 characters; the same as in the class's <c>[LoadableClass]</c>.</param>
    /// <param name="Assembly">Where the class is.</param>
    /// <param name="Version">0x00010001 is the first; older ones are read, newer ones refused.</param>
    internal sealed record ModelFormat(string Signature, string LoaderSignature, Assembly Assembly, uint Version = 0x00010001);
}
