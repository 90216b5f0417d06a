/** Something that an image holds and that has a version and a licence of its own. */
export interface Component {
  /** Unique within an image, of letters, digits, `.` and `-`. */
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. */
  readonly license: string;
  /** Its package URL. */
  readonly purl: string;
  readonly supplier?: string;
  readonly checksum?: { readonly algorithm: "SHA256" | "SHA512"; readonly hex: string };
  readonly cpe?: string;
  /** Id of the component that it was bundled or linked into; without, it lies in the image as files of its own. */
  readonly within?: string;
}
