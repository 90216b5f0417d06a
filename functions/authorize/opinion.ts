/** Nothing for OpenFGA to say; kcp goes by the rest of its rules. */
export interface NoOpinion {
  readonly noOpinion: string;
}
export const noOpinion = (reason: string): NoOpinion => ({ noOpinion: reason });
export const isNoOpinion = (value: object): value is NoOpinion => "noOpinion" in value;
