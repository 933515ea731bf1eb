using System.IO.Compression;
using System.Text;
using REHRSeg.Imaging;

namespace REHRSeg.Fuzz;

/// <summary>Small good files of every form, for a fuzzer to start from.</summary>
static class Seeds
{
    internal static void Write(string folder)
    {
        var volume = new MLVolume(new([2, 3, 2], [1, 2, 3], [1, 2, 3]), Enumerable.Range(0, 12).Select(i => (float)i).ToArray());
        var two = new MLVolume(volume.Geometry, Enumerable.Range(0, 24).Select(i => (float)i).ToArray(), 2);
        foreach (var type in Enum.GetValues<VolumeDataType>())
        {
            Save("nifti", new NiftiFormat(), "x.nii", volume, type);
            Save("nifti", new NiftiFormat(nifti2: true), "x.nii", volume, type);
            Save("nrrd", new NrrdFormat(CompressionLevel.NoCompression), "x.nrrd", volume, type);
            Save("metaimage", new MetaImageFormat(CompressionLevel.NoCompression), "x.mha", volume, type);
        }
        Save("nifti", new NiftiFormat(), "x.nii.gz", two, VolumeDataType.UInt8);
        Save("nrrd", new NrrdFormat(), "x.nrrd", two, VolumeDataType.UInt8);
        Save("metaimage", new MetaImageFormat(), "x.mha", two, VolumeDataType.UInt8);
        Text("nrrd", "NRRD0004\ntype: float\nencoding: txt\ndimension: 3\nsizes: 2 1 2\nspacings: 1 2 3\naxis mins: 0 0 0\ncenterings: cell cell node\nunits: \"mm\" \"mm\" \"um\"\nkinds: domain domain list\n\n1 2.5 nan -3e1\n");
        Text("nrrd", "NRRD0005\n# c\nkey:=value\ntype: unsigned short\nendian: big\nencoding: raw\ndimension: 4\nsizes: 2 1 2 1\nspace: RAS\nspace directions: none (1,0,0) (0,1,0) (0,0,1)\nspace origin: (1,2,3)\nspace units: \"mm\" \"mm\" \"mm\"\nline skip: 1\nbyte skip: 2\n\nline\nxxabcdefgh");
        Text("nrrd", "NRRD0004\ntype: uchar\nencoding: raw\ndimension: 2\nsizes: 2 2\nspace dimension: 3\nspace directions: (0,1,0) (0,0,1)\nbyte skip: -1\n\njunkabcd");
        Text("metaimage", "NDims = 2\nBinaryData = False\nDimSize = 2 2\nElementSize = 1 2\nElementType = MET_DOUBLE\nDistanceUnits = um\nElementDataFile = LOCAL\n1 2 3.5 nan");
        Text("metaimage", "ObjectType = Image\nNDims = 3\nElementByteOrderMSB = True\nHeaderSize = -1\nRotation = 0 1 0 1 0 0 0 0 1\nPosition = 1 2 3\nDimSize = 1 2 1\nElementNumberOfChannels = 3\nElementType = MET_USHORT_ARRAY\nElementDataFile = LOCAL\njunkabcdefghijkl");

        void Save(string format, IVolumeFormat with, string name, MLVolume from, VolumeDataType type)
        {
            using var stream = new MemoryStream();
            using var writer = with.OpenWrite(stream, name, from.Geometry, from.Channels, type);
            writer.WriteSlices(from.Memory);
            writer.Complete();
            Put(format, stream.ToArray());
        }

        void Text(string format, string text) => Put(format, Encoding.UTF8.GetBytes(text));

        void Put(string format, byte[] bytes)
        {
            string target = Directory.CreateDirectory(Path.Combine(folder, format)).FullName;
            File.WriteAllBytes(Path.Combine(target, $"seed{Directory.GetFiles(target).Length:00}"), bytes);
        }
    }
}
