// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText

extension SettingsCatalogue {
    /// Writes the file's JSON Schema (2020-12), for editors that complete and check YAML.
    public func writeSchema(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("$schema", "https://json-schema.org/draft/2020-12/schema")
        writer.member("title", "Settings of cosem-gateway")
        writeMembers(of: "", to: &writer)
        writer.endObject()
    }

    private func writeMembers(of group: String, to writer: inout JSONWriter) {
        writer.member("type", "object")
        writer.member("additionalProperties", false)
        writer.name("properties")
        writer.beginObject()
        let prefix = group.isEmpty ? "" : group + "."
        var told: Set<String> = []
        for setting in settings {
            for (path, isNameOfFile) in places(of: setting) where path.hasPrefix(prefix) {
                let name = String(path.dropFirst(prefix.count).prefix { $0 != "." })
                guard told.insert(name).inserted else { continue }
                writer.name(name)
                writeNode(at: prefix + name, setting, isNameOfFile: isNameOfFile, to: &writer)
            }
        }
        writer.endObject()
    }

    private func places(of setting: Setting) -> [(String, Bool)] {
        var places = [(path(of: setting), false), (setting.key, false)]
        if setting.isSecret { places += [(path(of: setting) + "File", true), (setting.key + "File", true)] }
        return places
    }

    private func writeNode(at path: String, _ present: Setting, isNameOfFile: Bool, to writer: inout JSONWriter) {
        writer.beginObject()
        defer { writer.endObject() }
        let own = setting(atPath: path)?.setting
        guard isGroup(path) else {
            write(own ?? present, isNameOfFile: isNameOfFile, to: &writer)
            return
        }
        guard let own else {
            writeMembers(of: path, to: &writer)
            return
        }
        writer.name("anyOf")
        writer.beginArray()
        writer.beginObject()
        write(own, isNameOfFile: false, to: &writer)
        writer.endObject()
        writer.beginObject()
        writeMembers(of: path, to: &writer)
        writer.endObject()
        writer.endArray()
    }

    private func write(_ setting: Setting, isNameOfFile: Bool, to writer: inout JSONWriter) {
        if isNameOfFile {
            writer.member("description", "A file that has: \(setting.summary)")
            writer.member("type", "string")
            return
        }
        writer.member("description", setting.summary + ".")
        switch setting.form {
        case .text:
            writer.member("type", "string")
        case .flag:
            writer.member("type", "boolean")
        case .number(let range):
            writer.member("type", "integer")
            writer.member("minimum", range.lowerBound)
            if range.upperBound != .max { writer.member("maximum", range.upperBound) }
        case .word(let words):
            writer.member("enum", words)
        case .duration:
            writer.member("type", "string")
            writer.member("pattern", "^P")
        case .list:
            writer.member("type", ["string", "array"])
        }
        guard let usual = setting.usual else { return }
        switch setting.form {
        case .number, .flag:
            writer.name("default")
            writer.raw(usual.utf8)
        default:
            writer.member("default", usual)
        }
    }
}
